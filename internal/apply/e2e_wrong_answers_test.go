package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// everyWriteSeeds are a source and a target between which a copy makes every kind of write.
func everyWriteSeeds() (source, target string) {
	source = `{"users":[
		{"id":"BOSS","preferredLanguage":"de","roles":["` + viewer + `"]},
		{"id":"NEW","manager":"BOSS","email":"New.Person@example.com","roles":["` + viewer + `"],"photos":["https://photos.example.com/new"],"params":{"isConcurrent":true}},
		{"id":"PERSON","email":"new.address@example.com","preferredLanguage":"de","active":false,"manager":"BOSS","roles":["` + viewer + `","` + modeler + `"],
		 "photos":["https://photos.example.com/1"],"params":{"isConcurrent":true,"dateFormatting":"dd.MM.yyyy","cleanUpNotificationsNumberOfDays":7}},
		{"id":"ROLES","roles":["` + viewer + `"]}],
	 "teams":[
		{"id":"T old","displayName":"of the source","roles":["` + viewer + `"],"members":["BOSS","NEW","PERSON","ROLES"]},
		{"id":"T new","displayName":"made by the run","roles":["` + viewer + `"],"members":["NEW","PERSON"]}]}`
	target = `{"users":[{"id":"PERSON","roles":["` + biAdmin + `"]},{"id":"ROLES","roles":["` + biAdmin + `"]},{"id":"GONE"},{"id":"STAYS"}],
	 "teams":[
		{"id":"T old","displayName":"of the target","roles":["` + biAdmin + `"],"members":["STAYS","ROLES"]},
		{"id":"T gone","members":["STAYS"]}]}`
	return source, target
}

func everyWriteRequest() plan.Request {
	return plan.Request{
		Options: plan.Options{Active: plan.ActiveSource},
		Steps: append(deleteSteps(), []plan.Step{
			{Origin: "old", CopyTeam: &plan.CopyTeam{
				Team: "T old", Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Keep, TeamRoles: identity.Replace,
				Members: identity.Replace, Name: plan.NameCopy,
			}},
			{Origin: "new", CopyTeam: &plan.CopyTeam{
				Team: "T new", Users: plan.UsersNone, UserRoles: identity.Keep, UserTeams: identity.Keep, TeamRoles: identity.Add,
				Members: identity.Add, Name: plan.NameCopy,
			}},
		}...),
	}
}

// faultyTrial is a run in which the tenant does wrong.
type faultyTrial struct {
	clientVariant
	source, target string // seeds
	faults         []sacsim.Fault
	wrong          map[string]any // settings while the faults are in force
	skew           time.Duration  // of the tenant's clock
}

// faultyEnd is how it went.
type faultyEnd struct {
	problems []string
	writes   []string
	state    simState
	first    *apply.Result
}

func (f faultyTrial) try(t *testing.T) (out faultyEnd) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { out = f.run(t) })
	return out
}

// run copies while the tenant does wrong, compares what the run calls done with what is there, ends the faults,
// and resumes.
func (f faultyTrial) run(t *testing.T) (out faultyEnd) {
	dev := newSimulated(t, sacsim.Options{Name: "dev", Platform: service.CF, Namespace: "t.A"}, f.source)
	prod := newSimulated(t, sacsim.Options{Name: "prod", Platform: f.platform, Namespace: "t.A"}, f.target)
	prod.settings(t, map[string]any{"clockSkewSeconds": f.skew.Seconds()})
	prod.settings(t, f.settings)
	stored, p := newStoredRun(t), &simProcess{}
	conn := p.connect(t, prod, f.kind)
	pl, err := planFrom(t.Context(), p.connect(t, dev, clientKind{}), conn, everyWriteRequest())
	if err != nil {
		t.Fatal(err)
	}
	prod.settings(t, f.wrong)
	prod.faults(t, f.faults...)
	res, err := f.leased(t, stored, p, func(l *apply.HeldLease) (*apply.Result, error) {
		return stored.run(t.Context(), p, conn, l, pl)
	})
	out.first, out.writes, out.state = res, p.writes(), prod.state(t)
	out.problems = append(falselyDone(pl, res, out.state), unnamed(res)...)
	if err == nil && res.Complete() {
		out.problems = append(out.problems, prod.complaints(t)...)
		return out
	}
	prod.faults(t)
	prod.settings(t, map[string]any{"ignoredAttributes": []string{}, "droppedRoles": []string{}, "droppedMembers": []string{}})
	letPass(2 * stored.ttl)
	p = &simProcess{}
	res, err = f.leased(t, stored, p, func(l *apply.HeldLease) (*apply.Result, error) {
		return stored.resume(t.Context(), p, p.connect(t, prod, f.kind), l)
	})
	out.state = prod.state(t)
	if err != nil && !errors.Is(err, apply.ErrNoRun) || err == nil && !res.Complete() {
		out.problems = append(out.problems, fmt.Sprintf("after %q, resuming ends so: %v %q", failures(out.first), err, failures(res)))
	}
	out.problems = append(out.problems, prod.complaints(t)...)
	return out
}

func (f faultyTrial) leased(t *testing.T, stored *storedRun, p *simProcess, do func(*apply.HeldLease) (*apply.Result, error)) (*apply.Result, error) {
	lease, err := stored.hold(t.Context(), p)
	if err != nil {
		return &apply.Result{}, err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(t.Context())) }()
	return do(lease)
}

// falselyDone names what the run calls done though it is not there.
func falselyDone(p *plan.Plan, res *apply.Result, now simState) (problems []string) {
	status := map[string]apply.Status{}
	for _, e := range res.Entities {
		status[string(e.Entity)+e.Key+string(e.Op)] = e.Status
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		if status[string(c.Entity)+c.Key+string(c.Op)] == apply.Done {
			problems = append(problems, undone(c, now)...)
		}
	}
	for id := range now.Users {
		if strings.HasSuffix(id, "_1") {
			problems = append(problems, id+" was created")
		}
	}
	return problems
}

// unnamed names failures without a cause, and links without a name.
func unnamed(res *apply.Result) (problems []string) {
	for _, e := range res.Entities {
		if e.Status == apply.Failed && e.Cause == "" {
			problems = append(problems, e.Key+" failed without a cause")
		}
		if e.Status == apply.Partly && len(e.Links) == 0 {
			problems = append(problems, e.Key+" is done in part without a link")
		}
	}
	return problems
}

// complaints are the documented rules that the client broke.
func (s *simulated) complaints(t *testing.T) []string {
	if v := s.violations(t); len(v) > 0 {
		return []string{fmt.Sprintf("the tenant complains: %v", v)}
	}
	return nil
}

// wrongWays are the ways in which the answer to a write can be wrong. Those on items are for Bulk only.
func wrongWays() map[string]sacsim.Fault {
	none := -1
	ways := map[string]sacsim.Fault{
		"hangs up":                       {Action: sacsim.ActHangup},
		"hangs up after the write":       {Action: sacsim.ActHangupAfterWrite},
		"cuts the answer":                {Action: sacsim.ActTruncate},
		"a login page":                   {Action: sacsim.ActHTML},
		"500":                            {Action: sacsim.ActStatus, Status: http.StatusInternalServerError},
		"502":                            {Action: sacsim.ActStatus, Status: http.StatusBadGateway},
		"429":                            {Action: sacsim.Act429},
		"429 after the write, no header": {Action: sacsim.ActStatusAfterWrite, Status: http.StatusTooManyRequests, RetryAfter: &none},
	}
	for _, a := range []sacsim.WrongAnswer{
		sacsim.AnswerError, sacsim.AnswerEmpty, sacsim.AnswerArray, sacsim.AnswerList, sacsim.AnswerOther, sacsim.AnswerBefore, sacsim.AnswerNone,
	} {
		ways["200 and "+string(a)] = sacsim.Fault{Action: sacsim.ActWrongAnswer, Answer: a}
		ways["200 and "+string(a)+" after the write"] = sacsim.Fault{Action: sacsim.ActWrongAnswerAfterWrite, Answer: a}
	}
	for _, status := range []int{400, 401, 403, 404, 409, 429, 500, 502, 503} {
		ways[fmt.Sprintf("%d after the write", status)] = sacsim.Fault{Action: sacsim.ActStatusAfterWrite, Status: status}
	}
	for _, status := range []int{200, 204, 403, 409, 429, 500, 502} {
		for _, items := range [][]int{nil, {1}} {
			name := fmt.Sprintf("%d for items %v", status, items)
			ways[name] = sacsim.Fault{Action: sacsim.ActItemStatus, Status: status, Items: items}
			ways[name+" after the write"] = sacsim.Fault{Action: sacsim.ActItemStatusAfterWrite, Status: status, Items: items}
		}
	}
	return ways
}

// at lets a fault fire at the k-th request (from 1) of a kind such as "PATCH /api/v1/scim2/Users/…"; 0 is each.
func at(f sacsim.Fault, write string, k int) sacsim.Fault {
	method, path, _ := strings.Cut(write, " ")
	f.Match = sacsim.Match{Method: method, Path: "^" + regexp.QuoteMeta(path) + "$"}
	if k > 0 {
		f.Nth = []int{k}
	}
	return f
}

// TestNoWrongAnswerMakesAChangeDone gives every write of a run every wrong answer, once and as long as it lasts,
// whether the write took effect or not. Resumed without the fault the run ends as a quiet one. Under the race
// detector every 83rd trial is made.
func TestNoWrongAnswerMakesAChangeDone(t *testing.T) {
	t.Parallel()
	source, target := everyWriteSeeds()
	for name, v := range clientVariants() {
		if !v.thorough && v.kind.api != "2" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := faultyTrial{clientVariant: v, source: source, target: target}
			quiet := base.try(t)
			if len(quiet.problems)+len(failures(quiet.first)) > 0 || len(quiet.writes) < 6 {
				t.Fatalf("a quiet run: %q %q %q", quiet.writes, quiet.problems, failures(quiet.first))
			}
			made, failed := 0, 0
			for i, write := range quiet.writes {
				k := 0
				for _, w := range quiet.writes[:i+1] {
					if w == write {
						k++
					}
				}
				for way, fault := range wrongWays() {
					if onItems := strings.HasPrefix(string(fault.Action), "item-"); onItems && !strings.HasSuffix(write, "/Bulk") {
						continue
					}
					for _, nth := range []int{k, 0} {
						if made++; raceDetector && made%83 != 1 || failed >= maxFailed {
							continue
						}
						f := base
						f.faults, f.skew = []sacsim.Fault{at(fault, write, nth)}, []time.Duration{0, 90 * time.Minute, -90 * time.Minute}[made%3]
						out := f.try(t)
						if out.problems = append(out.problems, differences(out.state, quiet.state)...); len(out.problems) > 0 {
							failed++
							t.Errorf("%s (write %d, occurrence %d): %s:\n  %s", write, i+1, nth, way, strings.Join(out.problems, "\n  "))
						}
					}
				}
			}
		})
	}
}

// TestWhatTheTenantDropsIsAFailedLink drops roles, members and attributes without a word for as long as the first
// run lasts.
func TestWhatTheTenantDropsIsAFailedLink(t *testing.T) {
	t.Parallel()
	source, target := everyWriteSeeds()
	for name, v := range clientVariants() {
		for wrong, named := range map[string][]string{
			`droppedRoles ` + viewer:                             {"PERSON", "ROLES", "T old"},
			`droppedMembers PERSON`:                              {"T old", "T new"},
			`ignoredAttributes email`:                            {"PERSON"},
			`ignoredAttributes preferredLanguage`:                {"PERSON"},
			`ignoredAttributes active`:                           {"PERSON"},
			`ignoredAttributes manager`:                          {"PERSON"},
			`ignoredAttributes isConcurrent`:                     {"PERSON"},
			`ignoredAttributes dateFormatting`:                   {"PERSON"},
			`ignoredAttributes cleanUpNotificationsNumberOfDays`: {"PERSON"},
			`ignoredAttributes photos`:                           {"PERSON"},
			`ignoredAttributes team.description`:                 {"T old"},
		} {
			t.Run(name+", "+wrong, func(t *testing.T) {
				t.Parallel()
				key, value, _ := strings.Cut(wrong, " ")
				quiet := faultyTrial{clientVariant: v, source: source, target: target}
				f := quiet
				f.wrong = map[string]any{key: []string{value}}
				out := f.try(t)
				out.problems = append(out.problems, differences(out.state, quiet.try(t).state)...)
				for _, entity := range named {
					if !slices.ContainsFunc(failures(out.first), func(s string) bool { return strings.Contains(s, entity+":") }) {
						out.problems = append(out.problems, fmt.Sprintf("%s is not named: %q", entity, failures(out.first)))
					}
				}
				if len(out.problems) > 0 {
					t.Error(strings.Join(out.problems, "\n  "))
				}
			})
		}
	}
}
