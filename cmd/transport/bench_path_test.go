package main

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// pathWorkers are the calls side by side that the program has unless it is told otherwise.
const pathWorkers = 4

// mostOfPath is how many times the critical path a copy may take.
const mostOfPath = 1.2

// BenchmarkCriticalPath compares the time that copying people with their managers into teams takes, on tenants with
// the latencies of real ones, with the time that the calls need which cannot be left out, in the order that they
// cannot leave, with as many workers. The tenants are faster than real ones by speed, the program is not. It fails
// where the median of several rounds is more than mostOfPath.
func BenchmarkCriticalPath(b *testing.B) {
	say(b, "\n%-44s %10s %12s %7s\n", "wall time on tenants with real latencies", "median", "critical path", "ratio")
	for _, c := range []copied{
		{people: 72, teams: 1, speed: 5, rounds: 5},
		{people: 72, managers: 6, teams: 3, speed: 5, rounds: 5},
		{people: 1000, teams: 1, speed: 5, rounds: 3},
		{people: 1000, managers: 40, teams: 4, speed: 5, rounds: 3},
	} {
		b.Run(c.String(), func(b *testing.B) {
			for b.Loop() {
				c.bench(b)
			}
		})
	}
}

// copied is what is copied: people, of whom the first are the managers of the others, dealt out to teams.
type copied struct {
	people, managers, teams int
	speed                   float64
	rounds                  int
}

func (c copied) String() string {
	return fmt.Sprintf("%d people, %d managers, %d teams", c.people, c.managers, c.teams)
}

func (c copied) bench(b *testing.B) {
	times := make([]float64, c.rounds)
	for round := range times {
		times[round] = c.measure(b)
	}
	slices.Sort(times)
	median, path := times[len(times)/2], c.criticalPath()
	say(b, "%-44s %8.1f s %10.1f s %7.3f  %d rounds, %.1f to %.1f s\n", c, median, path, median/path, c.rounds, times[0], times[len(times)-1])
	b.ReportMetric(median/path, "wall/path")
	b.ReportMetric(0, "ns/op")
	if median > mostOfPath*path {
		b.Errorf("%s: a median of %.1f s, want at most %.1f s, which is %.1f times the critical path", c, median, mostOfPath*path, mostOfPath)
	}
}

// measure copies once, from and to tenants of their own, and gives the seconds that the modelled tenants would have taken.
func (c copied) measure(b *testing.B) float64 {
	r := newRig(b)
	defer r.stop()
	slow := []string{"--latency", "real", "--speed", fmt.Sprint(c.speed)}
	r.start("dev", "cf", "t.A", c.seed(), slow...)
	r.start("prod", "cf", "t.B", seedFile{UsersRange: people("Y", 1, 250)}, slow...)
	r.configure(fmt.Sprintf("    limits: {workers: %d}\n", pathWorkers))
	args := []string{"copy", "teams", "--from", "dev", "--to", "prod", "--yes", "-o", "json", "--quiet"}
	for i := range c.teams {
		args = append(args, "--team", teamName(i))
	}
	measured := r.transport(args...).wall.Seconds() * c.speed
	r.requests()
	return measured
}

func teamName(i int) string { return fmt.Sprintf("Copied%d", i+1) }

func (c copied) seed() map[string]any {
	ids := make([]string, c.people)
	var users []map[string]any
	for i := range ids {
		ids[i] = fmt.Sprintf("U%05d", i+1)
		u := map[string]any{"id": ids[i]}
		if i >= c.managers && c.managers > 0 {
			u["manager"] = ids[i%c.managers]
		}
		users = append(users, u)
	}
	var teams []map[string]any
	for i, part := range parts(ids, ceilDiv(c.people, c.teams)) {
		teams = append(teams, map[string]any{"id": teamName(i), "namespace": "t.A", "roles": viewer, "members": part})
	}
	return map[string]any{"users": users, "teams": teams}
}

func parts(ids []string, size int) [][]string { return slices.Collect(slices.Chunk(ids, size)) }

// calls are calls to be made, each with the seconds that the tenant takes for it and with the calls that have to
// be over before it. Those of a tenant share its workers.
type calls struct {
	list    []call
	latency sacsim.Latency
}

type call struct {
	tenant  string
	seconds float64
	after   []int
}

func (s *calls) add(tenant string, seconds float64, after ...[]int) []int {
	s.list = append(s.list, call{tenant, seconds, slices.Concat(after...)})
	return []int{len(s.list) - 1}
}

func (s *calls) work(tenant string, w service.Work, after ...[]int) []int {
	return s.add(tenant, s.latency.Seconds(w), after...)
}

// criticalPath is the shortest time in which the copy can be made: with the members of a team written all at once, or
// as they come to be.
func (c copied) criticalPath() float64 {
	return min(c.path(false), c.path(true))
}

func (c copied) path(asTheyCome bool) float64 {
	s := &calls{latency: sacsim.Real()}
	login := func(tenant string) []int {
		return s.add(tenant, s.latency.Read*s.latency.FetchFactor, s.add(tenant, s.latency.Token))
	}
	source, target := login("dev"), login("prod")
	limits := s.add("prod", s.latency.Read, target)
	var teams, read []int
	for range c.teams {
		teams = append(teams, s.work("dev", service.Work{Kind: service.WorkGetTeam, TeamSize: ceilDiv(c.people, c.teams)}, source)...)
	}
	read = slices.Concat(limits, s.work("prod", service.Work{Kind: service.WorkPage}, target, teams))
	var sourcePeople []int
	for _, n := range evenly(c.people, 200) {
		sourcePeople = append(sourcePeople, s.work("dev", service.Work{Kind: service.WorkPage, Rows: n, Users: c.people}, teams)...)
	}
	for range evenly(c.people, 200) {
		read = append(read, s.work("prod", service.Work{Kind: service.WorkPage}, target, sourcePeople)...)
	}
	c.writes(s, read, asTheyCome)
	return s.duration()
}

// writes adds the calls that create and put into teams, once everything has been read. Managers have to be known before
// their reports are made, and whoever is put into a team has to be known; the writes to one team wait for each other.
func (c copied) writes(s *calls, read []int, asTheyCome bool) {
	known := s.create(c.managers, read)
	bosses := read
	for _, k := range known {
		bosses = append(slices.Clone(bosses), k.call...)
	}
	known = append(known, s.create(c.people-c.managers, bosses)...)
	size := ceilDiv(c.people, c.teams)
	for team := range c.teams {
		// A team is made, and gets its role before its members.
		made := s.work("prod", service.Work{Kind: service.WorkTeam}, read)
		last := s.work("prod", service.Work{Kind: service.WorkTeam, RoleChanges: 1}, s.work("prod", service.Work{Kind: service.WorkGetTeam}, made))
		from, to, first, there := team*size, min((team+1)*size, c.people), 0, 0
		for _, k := range known {
			members := min(to, first+k.people) - max(from, first)
			first += k.people
			if members <= 0 {
				continue
			}
			if asTheyCome {
				last = s.work("prod", service.Work{Kind: service.WorkTeam, TeamSize: there, MemberChanges: members}, last, k.call)
				there += members
				continue
			}
			last = append(last, k.call...)
		}
		if !asTheyCome {
			s.work("prod", service.Work{Kind: service.WorkTeam, MemberChanges: to - from}, last)
		}
	}
}

// lookedUp is a look-up that tells the ids of some new people.
type lookedUp struct {
	call   []int
	people int
}

// create adds the creation of n people by Bulk, and gives the look-ups that tell their ids.
func (s *calls) create(n int, after []int) (known []lookedUp) {
	if n == 0 {
		return nil
	}
	bulks := evenly(n, 30)
	for group := range slices.Chunk(bulks, 200/bulks[0]) {
		var made []int
		rows := 0
		for _, size := range group {
			items := slices.Repeat([]service.Work{{Kind: service.WorkCreateUser}}, size)
			made = append(made, s.work("prod", service.Work{Kind: service.WorkBulk, Items: items}, after)...)
			rows += size
		}
		known = append(known, lookedUp{s.work("prod", service.Work{Kind: service.WorkPage, Rows: rows, Users: 250 + n}, made), rows})
	}
	return known
}

// evenly deals n out to as few parts of at most size as there can be.
func evenly(n, size int) []int {
	count := ceilDiv(n, size)
	list := make([]int, count)
	for i := range list {
		list[i] = n / count
		if i < n%count {
			list[i]++
		}
	}
	return list
}

// duration starts each call as soon as its predecessors are over and a worker is free, those first that most
// depends on.
func (s *calls) duration() float64 {
	rest := s.remaining()
	order := make([]int, len(s.list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	ends, free, end := map[int]float64{}, map[string][]float64{}, 0.0
	for _, t := range []string{"dev", "prod"} {
		free[t] = make([]float64, pathWorkers)
	}
	for len(ends) < len(s.list) {
		next, worker, start := -1, 0, 0.0
		for _, i := range order {
			if _, done := ends[i]; done {
				continue
			}
			if ready, ok := s.ready(i, ends); ok {
				at := slices.Index(free[s.list[i].tenant], slices.Min(free[s.list[i].tenant]))
				begin := max(ready, free[s.list[i].tenant][at])
				if next < 0 || begin < start {
					next, worker, start = i, at, begin
				}
			}
		}
		ends[next] = start + s.list[next].seconds
		free[s.list[next].tenant][worker] = ends[next]
		end = max(end, ends[next])
	}
	return end
}

// ready is when all predecessors of a call are over.
func (s *calls) ready(i int, ends map[int]float64) (at float64, ok bool) {
	for _, before := range s.list[i].after {
		over, known := ends[before]
		if !known {
			return 0, false
		}
		at = max(at, over)
	}
	return at, true
}

// remaining is how long what depends on each call takes at least, itself included.
func (s *calls) remaining() []float64 {
	rest := make([]float64, len(s.list))
	for i := len(s.list) - 1; i >= 0; i-- {
		rest[i] += s.list[i].seconds
		for _, before := range s.list[i].after {
			rest[before] = max(rest[before], rest[i])
		}
	}
	return rest
}
