package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/sacsim"
)

// The benchmarks run the built program ($TRANSPORT_BINARY, else one they build) against simulated tenants that are processes of their own, and
// count what reached these. They print figures and ratios; `make bench` runs them.

// rig is two simulated tenants and a configuration that names them dev and prod.
type rig struct {
	b      *testing.B
	dir    string
	binary string
	ready  map[string]sacsim.Ready
	stops  []func() // ends a tenant
}

// stop ends the tenants; it may be called twice.
func (r *rig) stop() {
	for _, stop := range r.stops {
		stop()
	}
	r.stops = nil
}

func newRig(b *testing.B) *rig {
	b.Helper()
	r := &rig{b: b, dir: b.TempDir(), ready: map[string]sacsim.Ready{}}
	b.Cleanup(r.stop)
	if r.binary = os.Getenv("TRANSPORT_BINARY"); r.binary != "" {
		return r
	}
	r.binary = filepath.Join(r.dir, "transport")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", r.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return r
}

// start runs one tenant until the benchmark ends.
func (r *rig) start(name, platform, namespace string, seed any, flags ...string) {
	r.b.Helper()
	data, err := json.Marshal(seed)
	if err != nil {
		r.b.Fatal(err)
	}
	file := filepath.Join(r.dir, name+".json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		r.b.Fatal(err)
	}
	args := append([]string{"sim", "--watch-stdin", "--name", name, "--platform", platform, "--namespace", namespace, "--seed", file}, flags...)
	cmd := exec.CommandContext(r.b.Context(), r.binary, args...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		r.b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		r.b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.b.Fatal(err)
	}
	r.stops = append(r.stops, func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		r.b.Fatal(err)
	}
	var ready sacsim.Ready
	if err := json.Unmarshal(line, &ready); err != nil {
		r.b.Fatal(err)
	}
	r.ready[name] = ready
}

// configure writes the configuration; extra are YAML lines for each tenant.
func (r *rig) configure(extra string) {
	r.b.Helper()
	var s strings.Builder
	s.WriteString("version: 1\nstate: state/sacbridge.db\ntenants:\n")
	for name, t := range r.ready {
		fmt.Fprintf(&s, "  %s:\n    url: %s\n    platform: %s\n    sso: %s\n    namespace: %s\n", name, t.URL, t.Platform, t.SSO, t.Namespace)
		fmt.Fprintf(&s, "    auth: {token_url: %s, client_id: %q, client_secret: env:SECRET_%s}\n%s", t.TokenURL, t.ClientID, name, extra)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "sacbridge.yaml"), []byte(s.String()), 0o600); err != nil {
		r.b.Fatal(err)
	}
}

// usage is what one run of the program took.
type usage struct {
	wall   time.Duration
	cpu    time.Duration // of the program alone
	rssMiB float64       // peak resident set
	report struct {
		ReadCalls int `json:"readCalls"`
		Plan      struct {
			Calls   int               `json:"calls"`
			Changes []json.RawMessage `json:"changes"`
		} `json:"plan"`
		Result struct {
			Calls int `json:"calls"`
		} `json:"result"`
	}
}

// transport runs the program and requires exit code 0.
func (r *rig) transport(args ...string) usage {
	r.b.Helper()
	cmd := exec.CommandContext(r.b.Context(), r.binary, args...)
	cmd.Dir = r.dir
	cmd.Env = os.Environ()
	for name, t := range r.ready {
		cmd.Env = append(cmd.Env, "SECRET_"+name+"="+t.ClientSecret)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		r.b.Fatal(err)
	}
	ended := make(chan struct{})
	peak := make(chan float64)
	go func() { peak <- watchPeak(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	u := usage{wall: time.Since(began), rssMiB: <-peak, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if err != nil {
		r.b.Fatalf("transport %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), &u.report); err != nil {
		r.b.Fatalf("output of transport %s: %v", strings.Join(args, " "), err)
	}
	return u
}

// watchPeak gives the peak resident set of a process in MiB. The kernel's account of a child that has
// ended (ru_maxrss) would count this process in, from which the child was forked.
func watchPeak(pid int, ended <-chan struct{}) float64 {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var peak float64
	for {
		if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
			var kib float64
			if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
				if _, err := fmt.Sscan(rest, &kib); err == nil {
					peak = max(peak, kib/1024)
				}
			}
		}
		select {
		case <-ended:
			return peak
		case <-tick.C:
		}
	}
}

func (r *rig) control(method, name, path string, into any) {
	r.b.Helper()
	req, err := http.NewRequestWithContext(r.b.Context(), method, fmt.Sprintf("http://127.0.0.1:%d%s", r.ready[name].HTTP, path), http.NoBody)
	if err != nil {
		r.b.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // only read
	if res.StatusCode != http.StatusOK {
		r.b.Fatalf("%s %s: status %d", method, path, res.StatusCode)
	}
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			r.b.Fatal(err)
		}
	}
}

// requests sums what both tenants were asked, and fails on a violation.
func (r *rig) requests() int {
	r.b.Helper()
	sum := 0
	for name := range r.ready {
		var s simStats
		r.control(http.MethodGet, name, "/__stats", &s)
		if len(s.Violations) > 0 {
			r.b.Fatalf("%s counts violations: %v", name, s.Violations)
		}
		sum += s.Requests
	}
	return sum
}

// seed is a tenant of people U00001… of whom the first size are in the team Copied.
type seedFile struct {
	UsersRange []rangeSeed `json:"usersRange"`
	Teams      []teamSeed  `json:"teams"`
}

type rangeSeed struct {
	Prefix string `json:"prefix"`
	From   int    `json:"from"`
	To     int    `json:"to"`
	Pad    int    `json:"pad"`
	Domain string `json:"domain,omitempty"`
	User   any    `json:"user,omitempty"` // what all of the range share
}

type teamSeed struct {
	ID           string      `json:"id"`
	Namespace    string      `json:"namespace"`
	Roles        []string    `json:"roles"`
	MembersRange []rangeSeed `json:"membersRange"`
}

func people(prefix string, from, to int) []rangeSeed {
	if to < from {
		return nil
	}
	return []rangeSeed{{Prefix: prefix, From: from, To: to, Pad: 5}}
}

// viewer is a delivered role, so that nothing has to be asked about it.
var viewer = []string{"PROFILE:sap.epm:Viewer"}

// say prints a row of figures.
func say(b *testing.B, format string, args ...any) {
	b.Helper()
	if _, err := fmt.Fprintf(os.Stdout, format, args...); err != nil {
		b.Fatal(err)
	}
}

func ceilDiv(n, d int) int { return (n + d - 1) / d }

// BenchmarkCalls compares the calls that copying a team takes with the arithmetic lower bound, and with the
// plan's own estimate. 250 other people are in each tenant, so that reading every page is no free ride.
func BenchmarkCalls(b *testing.B) {
	say(b, "\n%-10s %6s %-9s %6s %6s %6s %9s  %s\n", "route", "people", "new", "calls", "bound", "ratio", "estimate", "bound is the sum of")
	for _, platform := range []string{"cf", "neo"} {
		for _, size := range []int{10, 100, 1000} {
			for _, share := range []struct {
				name string
				have int
			}{{"all new", 0}, {"half new", size / 2}, {"none new", size}} {
				b.Run(fmt.Sprintf("%s-cf/%d/%s", platform, size, share.name), func(b *testing.B) {
					for b.Loop() {
						benchCalls(b, platform, size, share.have, share.name)
					}
				})
			}
		}
	}
}

func benchCalls(b *testing.B, platform string, size, have int, share string) {
	r := newRig(b)
	r.start("dev", platform, "t.A", seedFile{
		UsersRange: append(people("U", 1, size), people("X", 1, 250)...),
		Teams:      []teamSeed{{ID: "Copied", Namespace: "t.A", Roles: viewer, MembersRange: people("U", 1, size)}},
	})
	target := seedFile{UsersRange: append(people("U", 1, have), people("Y", 1, 250)...)}
	if have > 0 {
		target.Teams = []teamSeed{{ID: "Copied", Namespace: "t.B", MembersRange: people("U", 1, have)}}
		if have == size {
			target.Teams[0].Roles = viewer
		}
	}
	r.start("prod", "cf", "t.B", target)
	r.configure("")
	u := r.transport("copy", "teams", "--from", "dev", "--to", "prod", "--team", "Copied", "--yes", "-o", "json", "--quiet")
	calls := r.requests()
	bound, terms := lowerBound(platform, size, have)
	estimate := u.report.ReadCalls + u.report.Plan.Calls
	requireRatio(b, calls, bound, mostCopyCalls)
	say(b, "%-10s %6d %-9s %6d %6d %6.3f %8.2f%%  %s\n", platform+" -> cf", size, share, calls, bound,
		float64(calls)/float64(bound), 100*float64(estimate-calls)/float64(calls), terms)
	b.ReportMetric(float64(calls)/float64(bound), "calls/bound")
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(0, "ns/op")
}

// term is one part of a bound.
type term struct {
	calls int
	what  string
}

func (t term) String() string { return fmt.Sprintf("%d %s", t.calls, t.what) }

// lowerBound is the fewest calls that can copy the team, by the sizes that SAC documents: 200 people a
// look-up or page, 30 creates a Bulk request, whose answer has no ids, so that new people have to be
// looked up once to be put into a team.
func lowerBound(source string, size, have int) (int, string) {
	fresh := size - have
	terms := append(loginBound(source, "cf"), readBound(size, have)...)
	if fresh > 0 {
		terms = append(terms, term{ceilDiv(fresh, 30), "creates"}, term{ceilDiv(fresh, 200), "their ids"})
		if have == 0 {
			terms = append(terms, term{1, "team"})
		}
		terms = append(terms, term{2, "team role (read, write)"}, term{ceilDiv(fresh, 4590), "members"})
	}
	return sum(terms)
}

func sum(terms []term) (calls int, words string) {
	said := make([]string, len(terms))
	for i, t := range terms {
		calls += t.calls
		said[i] = t.String()
	}
	return calls, strings.Join(said, " + ")
}

// loginBound is what two tenants take before they answer. NEO gives the CSRF token with a read and has no limits to read.
func loginBound(source, target string) []term {
	login := map[string]term{"cf": {2, "token+csrf"}, "neo": {1, "token"}} // a source needs no limits for writing
	if target == "neo" {
		return []term{login[source], login["neo"]}
	}
	return []term{login[source], {3, "token+csrf+limits"}}
}

// readBound is the reading of one team and its people, of whom the target has some, among 250 others in each.
func readBound(size, have int) []term {
	const others = 250
	return []term{
		{1, "source team"},
		{min(ceilDiv(size, 200), ceilDiv(size+others, 200)), "source people"},
		{1, "target team"},
		{min(ceilDiv(size, 200), ceilDiv(have+others, 200)), "target people"},
	}
}

// Calls that may be made for each one of a bound. What a copy may take beyond it lets writes to teams overlap with creates;
// what updates may take beyond it are readings that fewer people share than one reading could serve.
const (
	mostCopyCalls   = 1.05
	mostUpdateCalls = 1.10
)

// requireRatio fails where calls are more than most times the bound.
func requireRatio(b *testing.B, calls, bound int, most float64) {
	b.Helper()
	if ratio := float64(calls) / float64(bound); ratio > most {
		b.Errorf("%s: %d calls are %.3f times the bound, want at most %.2f", b.Name(), calls, ratio, most)
	}
}

// updateWorkers are the calls side by side that the program has unless it is told otherwise.
const updateWorkers = 4

// BenchmarkUpdateCalls does the same for people who are all there and all change, in an attribute and in a role: what
// is written is a difference with a reading right before, and where the answers do not show the result there is one after.
//
// One reading asks for 200 people, but may serve no more than the Bulks that go out side by side right after it: a Bulk
// that had to wait for a worker would be made from a reading that is older than one round of writes, and could undo
// what somebody else changed meanwhile. As many Bulks of 30 go out side by side as there are workers, so that with four of them
// a reading serves 120 people: with fewer readings, the same promise cannot be kept. The readings afterwards have
// no such limit, and count 200 people each.
func BenchmarkUpdateCalls(b *testing.B) {
	say(b, "\n%-10s %6s %6s %6s %6s %9s  %s\n", "target", "people", "calls", "bound", "ratio", "estimate", "bound is the sum of")
	for _, platform := range []string{"cf", "neo"} {
		for _, size := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", platform, size), func(b *testing.B) {
				for b.Loop() {
					benchUpdateCalls(b, platform, size)
				}
			})
		}
	}
}

func benchUpdateCalls(b *testing.B, platform string, size int) {
	r := newRig(b)
	changed := people("U", 1, size)
	changed[0].User = map[string]any{"preferredLanguage": "de", "roles": viewer}
	team := func(namespace string) []teamSeed {
		return []teamSeed{{ID: "Copied", Namespace: namespace, Roles: viewer, MembersRange: people("U", 1, size)}}
	}
	r.start("dev", "cf", "t.A", seedFile{UsersRange: append(changed, people("X", 1, 250)...), Teams: team("t.A")})
	r.start("prod", platform, "t.B", seedFile{UsersRange: append(people("U", 1, size), people("Y", 1, 250)...), Teams: team("t.B")})
	r.configure(fmt.Sprintf("    limits: {workers: %d}\n", updateWorkers))
	u := r.transport("copy", "teams", "--from", "dev", "--to", "prod", "--team", "Copied", "--users", "all", "--yes", "-o", "json", "--quiet")
	calls, estimate := r.requests(), u.report.ReadCalls+u.report.Plan.Calls
	terms := append(loginBound("cf", platform), readBound(size, size)...)
	if platform == "cf" {
		terms = append(terms, term{ceilDiv(size, min(200, updateWorkers*30)), "before"}, term{ceilDiv(size, 30), "writes"}, term{ceilDiv(size, 200), "after"})
	} else {
		terms = append(terms, term{size, "before"}, term{size, "writes"})
	}
	bound, words := sum(terms)
	requireRatio(b, calls, bound, mostUpdateCalls)
	say(b, "%-10s %6d %6d %6d %6.3f %8.2f%%  %s\n", platform, size, calls, bound,
		float64(calls)/float64(bound), 100*float64(estimate-calls)/float64(calls), words)
	b.ReportMetric(float64(calls)/float64(bound), "calls/bound")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkScale copies one team of 28,450 and eight of 10,000 between tenants of 80,000 people each, first
// everybody missing in the target, then half of them, then as a plan file that is made and applied. It
// prints the peak memory of the transport process and its own CPU time: the simulators, on the same cores,
// have their share of the seconds. A quarter of it shows that time follows the changes.
func BenchmarkScale(b *testing.B) {
	say(b, "\n%-44s %9s %9s %10s %9s %18s\n", "scale, tenants of 80,000 people", "changes", "seconds", "peak RSS", "own CPU", "own CPU per 1,000")
	for _, s := range []scale{
		{"a quarter of each team, everybody new", 1, 0, false},
		{"everybody new", 4, 0, false},
		{"half of the people new", 4, 40_000, false},
		{"nobody new", 4, 80_000, false},
		{"everybody new, by a plan file", 4, 0, true},
	} {
		b.Run(s.name, func(b *testing.B) {
			for b.Loop() {
				s.run(b)
			}
		})
	}
}

// scale is one line of BenchmarkScale.
type scale struct {
	name     string
	quarters int // of the teams
	have     int // people of the source that the target has
	file     bool
}

func (s scale) run(b *testing.B) {
	const tenant = 80_000
	r := newRig(b)
	source := seedFile{UsersRange: people("U", 1, tenant)}
	team := func(name string, from, n int) {
		source.Teams = append(source.Teams, teamSeed{ID: name, Namespace: "t.A", Roles: viewer, MembersRange: people("U", from, from+n-1)})
	}
	team("Everybody", 1, 28_450*s.quarters/4)
	for i := range 8 {
		team(fmt.Sprintf("Part%d", i+1), 1+i*10_000, 10_000*s.quarters/4)
	}
	r.start("dev", "cf", "t.A", source)
	r.start("prod", "cf", "t.B", seedFile{UsersRange: append(people("U", 1, s.have), people("Z", 1, tenant-s.have)...)})
	r.configure("")
	args := []string{"copy", "teams", "--from", "dev", "--to", "prod", "-o", "json", "--quiet"}
	for _, t := range source.Teams {
		args = append(args, "--team", t.ID)
	}
	if !s.file {
		s.report(b, r.transport(append(args, "--yes")...), r.copied(source.Teams), s.name)
		return
	}
	planned := r.transport(append(args, "--dry-run", "--out", "plan.json")...)
	s.report(b, planned, 0, s.name+": dry run")
	s.report(b, r.transport("apply", "plan.json", "--yes", "-o", "json", "--quiet"), r.copied(source.Teams), s.name+": apply")
}

// copied counts the target's memberships, which must be the source's.
func (r *rig) copied(teams []teamSeed) int {
	r.b.Helper()
	var state struct {
		Teams map[string]struct {
			Members []string `json:"members"`
		} `json:"teams"`
	}
	r.control(http.MethodGet, "prod", "/__state", &state)
	members := 0
	for _, t := range teams {
		got, want := len(state.Teams[t.ID].Members), t.MembersRange[0].To-t.MembersRange[0].From+1
		if got != want {
			r.b.Fatalf("team %s has %d members, want %d", t.ID, got, want)
		}
		members += got
	}
	r.requests()
	return members
}

func (s scale) report(b *testing.B, u usage, members int, name string) {
	changes := members + len(u.report.Plan.Changes)
	say(b, "%-44s %9d %9.1f %6.0f MiB %7.1f s %16.3f s\n", name, changes, u.wall.Seconds(), u.rssMiB, u.cpu.Seconds(), 1000*u.cpu.Seconds()/float64(changes))
	b.ReportMetric(u.rssMiB, "MiB-peak")
	b.ReportMetric(float64(changes)/u.wall.Seconds(), "changes/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkWallTime compares 8 workers with one worker that neither uses Bulk nor batches look-ups, on
// tenants with the latencies of real ones, a hundred times faster.
func BenchmarkWallTime(b *testing.B) {
	for b.Loop() {
		fast := benchWall(b, "    limits: {workers: 8}\n")
		slow := benchWall(b, "    limits: {workers: 1, bulk: false, batch_lookups: false}\n")
		say(b, "\ncopy of a team of 1,000 new people: %.2f s with 8 workers, %.2f s with one and neither Bulk nor batches: 1/%.1f\n",
			fast.Seconds(), slow.Seconds(), slow.Seconds()/fast.Seconds())
		b.ReportMetric(slow.Seconds()/fast.Seconds(), "times-faster")
		b.ReportMetric(0, "ns/op")
	}
}

func benchWall(b *testing.B, limits string) time.Duration {
	const size = 1000
	r := newRig(b)
	slow := []string{"--latency", "real", "--speed", "100"}
	r.start("dev", "cf", "t.A", seedFile{
		UsersRange: people("U", 1, size),
		Teams:      []teamSeed{{ID: "Copied", Namespace: "t.A", Roles: viewer, MembersRange: people("U", 1, size)}},
	}, slow...)
	r.start("prod", "cf", "t.B", seedFile{UsersRange: people("Y", 1, 250)}, slow...)
	r.configure(limits)
	u := r.transport("copy", "teams", "--from", "dev", "--to", "prod", "--team", "Copied", "--yes", "-o", "json", "--quiet")
	r.requests()
	return u.wall
}
