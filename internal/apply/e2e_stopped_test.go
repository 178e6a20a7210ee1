package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// stoppedSeeds are a source with two versions of a team, which the first and the second run copy, and a
// target with a third. Everybody's language differs too.
func stoppedSeeds() (first, second, target string) {
	const team = `"teams":[{"id":"Team","displayName":%q,"roles":[%q,%q],"members":["STAYS",%s]}]`
	first = `{"users":[{"id":"STAYS","preferredLanguage":"de","roles":["` + viewer + `"]},{"id":"FIRST1","preferredLanguage":"de"},{"id":"NEW","manager":"STAYS"}],` +
		fmt.Sprintf(team, "of the first run", viewer, modeler, `"FIRST1","NEW"`) + `}`
	second = `{"users":[{"id":"STAYS","preferredLanguage":"fr","roles":["` + granted + `"]}],` +
		`"usersRange":[{"prefix":"S","from":1,"to":5,"pad":2}],` +
		`"teams":[{"id":"Team","displayName":"of the second run","roles":["` + granted + `"],"members":["STAYS"],"membersRange":[{"prefix":"S","from":1,"to":5,"pad":2}]}]}`
	target = `{"users":[{"id":"STAYS","roles":["` + biAdmin + `"]},{"id":"FIRST1"},{"id":"LEAVES"},{"id":"GONE"}],"usersRange":[{"prefix":"S","from":1,"to":5,"pad":2}],` +
		strings.Replace(fmt.Sprintf(team, "of the target", biAdmin, modeler, `"LEAVES"`), `"teams":[`, `"teams":[{"id":"T gone"},`, 1) + `}`
	return first, second, target
}

// copyStopped asks for the team and its people; the first run deletes too.
func copyStopped(which int) plan.Request {
	req := plan.Request{Steps: []plan.Step{{Origin: "team", CopyTeam: &plan.CopyTeam{
		Team: "Team", Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Keep, TeamRoles: identity.Replace,
		Members: identity.Replace, Name: plan.NameCopy,
	}}}}
	if which == 0 {
		req.Steps = append(req.Steps, deleteSteps()...)
	}
	return req
}

// deleteSteps ask that GONE and "T gone" go.
func deleteSteps() []plan.Step {
	return []plan.Step{
		{Origin: "delete", DeleteUser: &plan.DeleteUser{Who: plan.Who{UserID: "GONE"}}},
		{Origin: "delete", DeleteTeam: &plan.DeleteTeam{Team: "T gone"}},
	}
}

// stoppedFaults are what makes a run wait between two sends. Each fires at one write.
func stoppedFaults() map[string][]sacsim.Fault {
	after := func(seconds int) *int { return &seconds }
	writes := func(f sacsim.Fault) []sacsim.Fault {
		var all []sacsim.Fault
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch} {
			f.Match, f.Nth = sacsim.Match{Method: method, Path: `/scim2?/(Users|Groups|Bulk)(/[^.]*)?$`}, []int{1}
			all = append(all, f)
		}
		return all
	}
	return map[string][]sacsim.Fault{
		"no fault":              nil,
		"429 with 4 seconds":    writes(sacsim.Fault{Action: sacsim.Act429, RetryAfter: after(4)}),
		"429 with 80 seconds":   writes(sacsim.Fault{Action: sacsim.Act429, RetryAfter: after(80)}),
		"503":                   writes(sacsim.Fault{Action: sacsim.ActStatus, Status: http.StatusServiceUnavailable, RetryAfter: after(2)}),
		"502 after the write":   writes(sacsim.Fault{Action: sacsim.ActStatusAfterWrite}),
		"slow reads of people":  {{Match: sacsim.Match{Path: `Users`, Method: http.MethodGet}, Action: sacsim.ActDelay, MS: 7000}},
		"slow reads of teams":   {{Match: sacsim.Match{Path: `Groups`, Method: http.MethodGet}, Action: sacsim.ActDelay, MS: 7000}},
		"a token that runs out": {{Match: sacsim.Match{Path: `/scim2?/(Users|Groups|Bulk)`}, Nth: []int{3, 9, 12}, Action: sacsim.ActRevokeToken}},
	}
}

// stoppedTrial is a run that is struck at one of its points.
type stoppedTrial struct {
	clientVariant
	faults                []sacsim.Fault
	first, second, target string    // seeds
	struckAt              int       // point of the run after its plan is made; 0: never
	quiet                 *simState // the end of an undisturbed run
}

// stage is what a trial is made on.
type stage struct {
	trial   stoppedTrial
	prod    *simulated
	sources [2]*simulated
	stored  [2]*storedRun
	process *simProcess
	planned int // points until the plan was made
}

func (s stoppedTrial) stage(t *testing.T) *stage {
	t.Helper()
	st := &stage{trial: s, process: &simProcess{}, stored: [2]*storedRun{newStoredRun(t), newStoredRun(t)}}
	st.stored[1].leases = st.stored[0].leases
	for i, seed := range []string{s.first, s.second} {
		st.sources[i] = newSimulated(t, sacsim.Options{Name: "dev", Platform: service.CF, Namespace: "t.A"}, seed)
	}
	st.prod = newSimulated(t, sacsim.Options{Name: "prod", Platform: s.platform, Namespace: "t.A"}, s.target)
	st.prod.settings(t, s.settings)
	st.prod.faults(t, s.faults...)
	return st
}

// carry takes the lease, reads, plans and applies as one process.
func (st *stage) carry(ctx context.Context, t *testing.T, which int, p *simProcess) (*apply.Result, error) {
	lease, err := st.stored[which].hold(ctx, p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(ctx)) }()
	conn := p.connect(t, st.prod, st.trial.kind)
	pl, err := planFrom(ctx, p.connect(t, st.sources[which], clientKind{}), conn, copyStopped(which))
	if err != nil {
		return nil, err
	}
	st.planned = p.count()
	return st.stored[which].run(ctx, p, conn, lease, pl)
}

// TestAStoppedProcessThatLostItsLeaseWritesNothing stops a run at every point where it deals with the world,
// lets a second run take over after the lease is over, and then lets the first go on.
func TestAStoppedProcessThatLostItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	strikeEverywhere(t, func(t *testing.T, s stoppedTrial) (problems []string, points int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) { problems, points = s.stopAndTakeOver(t) })
		return problems, points
	})
}

// stopAndTakeOver stops the first process at one point, as SIGSTOP does: nothing of it goes on, while the
// clock does.
func (s stoppedTrial) stopAndTakeOver(t *testing.T) (problems []string, points int) {
	st := s.stage(t)
	var end simState
	var written int
	stopped, goOn := false, make(chan struct{})
	st.process.at = func(p processPoint) error {
		if stopped {
			<-goOn // also what else the process does at that time
			return nil
		}
		if st.planned == 0 || p.n != st.planned+s.struckAt {
			return nil
		}
		stopped = true
		written = len(st.process.writes())
		letPass(2 * st.stored[0].ttl)
		st.prod.faults(t)
		second := &simProcess{}
		planned := st.planned
		if res, err := st.carry(t.Context(), t, 1, second); err != nil || !res.Complete() {
			problems = append(problems, fmt.Sprintf("the second run at %q: %v %v", p.what, err, failures(res)))
		}
		st.planned = planned
		end = st.prod.state(t)
		close(goOn)
		return nil
	}
	res, err := st.carry(t.Context(), t, 0, st.process)
	points = st.process.count() - st.planned
	switch {
	case s.struckAt == 0 && (err != nil || !res.Complete()):
		return []string{fmt.Sprintf("an undisturbed run: %v %v", err, failures(res))}, points
	case !stopped:
		return nil, points
	}
	if late := st.process.writes()[written:]; len(late) > 0 {
		problems = append(problems, fmt.Sprintf("the first process wrote after it lost the lease: %v", late))
	}
	return append(problems, differences(st.prod.state(t), end)...), points
}

// TestAnInterruptedRunSendsNoMoreWrites cancels a run at every point, as SIGINT does.
func TestAnInterruptedRunSendsNoMoreWrites(t *testing.T) {
	t.Parallel()
	strikeEverywhere(t, func(t *testing.T, s stoppedTrial) (problems []string, points int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) { problems, points = s.interrupt(t) })
		return problems, points
	})
}

// interrupt cancels the run at one point. What is on the wire then is waited for; nothing else is sent, and the
// run ends within a second of the last answer. Resumed, it ends as an undisturbed one.
func (s stoppedTrial) interrupt(t *testing.T) (problems []string, points int) {
	st := s.stage(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex // workers come side by side
	written, last := -1, time.Time{}
	st.process.at = func(p processPoint) error {
		mu.Lock()
		defer mu.Unlock()
		if p.kind == answerPoint {
			last = time.Now()
		}
		if st.planned > 0 && p.n == st.planned+s.struckAt {
			written, last = len(st.process.writes()), time.Now()
			cancel()
		}
		return nil
	}
	res, err := st.carry(ctx, t, 0, st.process)
	points = st.process.count() - st.planned
	switch {
	case s.struckAt == 0 && (err != nil || !res.Complete()):
		return []string{fmt.Sprintf("an undisturbed run: %v %v", err, failures(res))}, points
	case s.struckAt == 0:
		*s.quiet = st.prod.state(t)
		return nil, points
	case written < 0:
		return nil, points
	}
	if late := st.process.writes()[written:]; len(late) > 0 {
		problems = append(problems, fmt.Sprintf("it wrote after it was interrupted: %v", late))
	}
	if took := time.Since(last); took > time.Second {
		problems = append(problems, fmt.Sprintf("it ended %s after the last answer", took))
	}
	return append(problems, st.resumes(t)...), points
}

// resumes goes on with the first run in a new process and compares the end.
func (st *stage) resumes(t *testing.T) []string {
	st.prod.faults(t)
	p := &simProcess{}
	lease, err := st.stored[0].hold(t.Context(), p)
	if err != nil {
		return []string{fmt.Sprintf("the lease was not given back: %v", err)}
	}
	defer func() { _ = lease.Release(context.WithoutCancel(t.Context())) }()
	conn := p.connect(t, st.prod, st.trial.kind)
	res, err := st.stored[0].resume(t.Context(), p, conn, lease)
	if isOver(err) {
		return nil
	}
	if err != nil || !res.Complete() {
		return []string{fmt.Sprintf("resuming: %v %v", err, failures(res))}
	}
	return differences(st.prod.state(t), *st.trial.quiet)
}

// strikeEverywhere makes a trial for every kind of client, every fault and every point. Under the race detector it
// takes every 37th point.
func strikeEverywhere(t *testing.T, try func(*testing.T, stoppedTrial) ([]string, int)) {
	t.Helper()
	first, second, target := stoppedSeeds()
	for name, v := range clientVariants() {
		if !v.thorough {
			continue
		}
		for fault, rules := range stoppedFaults() {
			t.Run(name+", "+fault, func(t *testing.T) {
				t.Parallel()
				s := stoppedTrial{clientVariant: v, faults: rules, first: first, second: second, target: target, quiet: &simState{}}
				problems, all := try(t, s)
				if len(problems) > 0 || all < 30 {
					t.Fatalf("%d points: %v", all, problems)
				}
				step, failed := 1, 0
				if raceDetector {
					step = 37
				}
				for s.struckAt = 1; s.struckAt <= all && failed < maxFailed; s.struckAt += step {
					if problems, _ := try(t, s); len(problems) > 0 {
						failed++
						t.Errorf("struck at %d of %d:\n  %s", s.struckAt, all, strings.Join(problems, "\n  "))
					}
				}
			})
		}
	}
}
