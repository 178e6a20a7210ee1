package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// clientVariant is one way in which a client talks to a tenant.
type clientVariant struct {
	platform service.Platform
	kind     clientKind
	settings map[string]any // of the target
	thorough bool           // resumed runs too
}

func clientVariants() map[string]clientVariant {
	return map[string]clientVariant{
		"cf":                           {platform: service.CF, thorough: true},
		"cf without Bulk":              {platform: service.CF, kind: clientKind{noBulk: true}, thorough: true},
		"cf by v1":                     {platform: service.CF, kind: clientKind{api: "1"}, thorough: true},
		"cf by v2":                     {platform: service.CF, kind: clientKind{api: "2"}},
		"cf, single roles refused":     {platform: service.CF, settings: map[string]any{"userRolePatch": "refused"}},
		"cf, single roles ignored":     {platform: service.CF, settings: map[string]any{"userRolePatch": "ignored"}},
		"cf, single roles replace all": {platform: service.CF, settings: map[string]any{"userRolePatch": "replaces"}},
		"cf, single roles known":       {platform: service.CF, kind: clientKind{facts: upstream.Facts{RolePatch: upstream.Yes}}},
		"neo":                          {platform: service.NEO, thorough: true},
	}
}

// editTrial is one run, in which the other administrator makes all edits at one point.
type editTrial struct {
	clientVariant
	action         identity.Action
	source, target string // seeds

	killedAt int // journal point of the first process; 0: it lives
	editedAt int // journal point of the last process; 0: at the question, or while nobody runs
}

// editOutcome is how a trial went.
type editOutcome struct {
	problems []string
	points   int // journal points of the last process
}

// try makes the trial in a bubble, where waits take no time.
func (e editTrial) try(t *testing.T) (out editOutcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { out = e.run(t) })
	return out
}

func (e editTrial) run(t *testing.T) editOutcome {
	dev := newSimulated(t, sacsim.Options{Name: "dev", Platform: service.CF, Namespace: "t.A"}, e.source)
	prod := newSimulated(t, sacsim.Options{Name: "prod", Platform: e.platform, Namespace: "t.A"}, e.target)
	prod.settings(t, e.settings)
	w := &otherAdmin{prod: prod, action: e.action, before: prod.state(t), killed: e.killedAt > 0}
	stored := newStoredRun(t)
	first := &simProcess{}
	last := first
	first.traffic = newTraffic(prod.server)
	w.traffic = first.traffic
	res, err := e.fresh(t, w, stored, first, dev)
	if e.killedAt > 0 {
		if !errors.Is(err, errProcessDead) {
			return editOutcome{problems: []string{fmt.Sprintf("the first process lives on: %v", err)}}
		}
		letPass(2 * stored.ttl)
		last = &simProcess{traffic: newTraffic(prod.server)}
		w.traffic = last.traffic
		res, err = e.resumed(t, w, stored, last)
	}
	out := editOutcome{points: journalPoints(last)}
	switch {
	case errors.Is(err, apply.ErrNoRun): // killed before the beginning
		w.plan = &plan.Plan{}
	case err != nil && !errors.Is(err, apply.ErrFinished): // killed after the end
		out.problems = append(out.problems, err.Error())
	}
	out.problems = append(out.problems, w.judge(t, res)...)
	return out
}

func journalPoints(p *simProcess) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.journal
}

// fresh takes the lease, reads, waits for an answer to the question, and applies.
func (e editTrial) fresh(t *testing.T, w *otherAdmin, stored *storedRun, p *simProcess, dev *simulated) (*apply.Result, error) {
	p.at = w.watch(t, e.killedAt, e.lastPoint(e.killedAt == 0))
	lease, err := stored.hold(t.Context(), p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(t.Context())) }()
	conn := p.connect(t, w.prod, e.kind)
	pl, err := planFrom(t.Context(), p.connect(t, dev, clientKind{}), conn, copyEdited(e.action))
	if err != nil {
		return nil, err
	}
	w.plan = pl
	if e.killedAt == 0 && e.editedAt == 0 {
		w.edit(t)
	}
	return stored.run(t.Context(), p, conn, lease, pl)
}

func (e editTrial) resumed(t *testing.T, w *otherAdmin, stored *storedRun, p *simProcess) (*apply.Result, error) {
	if e.editedAt == 0 {
		w.edit(t)
	}
	p.at = w.watch(t, 0, e.editedAt)
	lease, err := stored.hold(t.Context(), p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(t.Context())) }()
	conn := p.connect(t, w.prod, e.kind)
	return stored.resume(t.Context(), p, conn, lease)
}

func (e editTrial) lastPoint(isLast bool) int {
	if isLast {
		return e.editedAt
	}
	return 0
}

// otherAdmin is the second administrator of a tenant, and the judge of what became of the edits.
type otherAdmin struct {
	prod   *simulated
	action identity.Action
	plan   *plan.Plan
	before simState // as the plan saw the tenant
	atEdit simState // right before the edits
	edits  []service.Edit

	killed  bool     // the first process did not come to its end
	traffic *traffic // of the last process
}

func (w *otherAdmin) edit(t *testing.T) {
	t.Helper()
	w.traffic.alone(func() trafficEvent {
		w.atEdit = w.prod.state(t)
		w.edits = otherAdminEdits(w.atEdit)
		if err := w.prod.server.Edit(w.edits...); err != nil {
			t.Error(err)
		}
		return trafficEvent{kind: wasEdited}
	})
}

// watch edits at one journal point, and kills the process at another.
func (w *otherAdmin) watch(t *testing.T, killedAt, editedAt int) func(processPoint) error {
	var journal atomic.Int64 // workers come side by side
	var dead atomic.Bool
	return func(p processPoint) error {
		if p.kind == journalPoint {
			n := int(journal.Add(1))
			if n == editedAt {
				w.edit(t)
			}
			if n == killedAt {
				dead.Store(true)
			}
		}
		if dead.Load() {
			return errProcessDead
		}
		return nil
	}
}

// judge compares the end with the edits and with what the run says of each entity.
func (w *otherAdmin) judge(t *testing.T, res *apply.Result) (problems []string) {
	end := w.prod.state(t)
	named := map[string]string{}
	for _, r := range res.Entities {
		if r.Status != apply.Done && r.Status != apply.Unchanged {
			named[r.Key] = fmt.Sprintf("%s: %s %v", r.Status, r.Cause, r.Links)
		}
	}
	for _, e := range w.edits {
		key := e.User + e.Team
		if w.traffic.inWindow(key) {
			continue // the documented rest
		}
		if what := lost(e, end); what != "" {
			problems = append(problems, fmt.Sprintf("%s: the edit is lost (%s); the run says %q", key, what, named[key]))
		}
		if contradicts(e, w.action, w.before, w.atEdit) && w.changes(key) && !strings.Contains(named[key], "changed") && (!e.Delete && !e.Create || named[key] == "") {
			problems = append(problems, fmt.Sprintf("%s: the edit contradicts the plan, but the run says %q", key, named[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(named)) {
		if !mayConflict(key, w.action) || isNew(key) && !w.killed && !w.hasEdited(key) {
			problems = append(problems, fmt.Sprintf("%s need not fail: %s", key, named[key]))
		}
	}
	for _, c := range w.plan.Changes {
		if isEdited(c.Key) {
			c.Fields = nil
		}
		if named[c.Key] == "" && !isGone(c.Key) && !w.traffic.inWindow(c.Key) {
			problems = append(problems, undone(&c, end)...)
			if c.Op == plan.Create && c.DecidesAllRoles && slices.Contains(end.Users[c.Key].Roles, standard) {
				problems = append(problems, c.Key+" keeps the default role, and nobody says so")
			}
		}
	}
	problems = append(problems, w.untold(res)...)
	if v := w.prod.violations(t); len(v) > 0 {
		problems = append(problems, fmt.Sprintf("the tenant complains: %v", v))
	}
	return problems
}

// untold says where somebody who was put into the team that the run had just created is not told.
func (w *otherAdmin) untold(res *apply.Result) []string {
	team, created := w.atEdit.Teams["T new"]
	if !created || len(team.Members)+len(team.Roles) > 0 || w.traffic.inWindow("T new") {
		return nil
	}
	for _, r := range res.Entities {
		if r.Key == "T new" && (r.Status != apply.Done || strings.Contains(fmt.Sprint(r.Warnings), "member EVE was added")) {
			return nil
		}
	}
	if w.action != identity.Add && w.action != identity.Replace { // which give it members
		return nil
	}
	return []string{"T new: nobody says that EVE was added"}
}

// isNew reports whether the plan creates the person.
func isNew(key string) bool { return key == "NEW" || key == "OTHER_NEW" }

// hasEdited reports whether the other administrator did something to that entity.
func (w *otherAdmin) hasEdited(key string) bool {
	return slices.ContainsFunc(w.edits, func(e service.Edit) bool { return e.User == key || e.Team == key })
}

// isGone reports whether the entity that the plan saw is deleted by the edits.
func isGone(key string) bool {
	key = strings.ToLower(key)
	return strings.HasSuffix(key, "deleted") || strings.HasSuffix(key, "anew")
}

// changes reports whether the plan has a change of that entity.
func (w *otherAdmin) changes(key string) bool {
	return slices.ContainsFunc(w.plan.Changes, func(c plan.Change) bool { return c.Key == key })
}

// isEdited reports whether the plan's own attribute of that entity is edited.
func isEdited(key string) bool { return slices.Contains([]string{"LANGUAGE", "EMAIL", "T text"}, key) }

// TestEveryEditOfAnotherAdministratorSurvives lets another administrator edit roles, teams, members, attributes and flags at the
// question and at every journal point of a run, fresh and resumed, for every action and kind of client, by one worker and by
// four. With four, a point can lie between the reading and the write of what another worker writes just then: of that one
// entity nothing is asked (traffic.inWindow), of all others everything. Under
// the race detector every 41st trial is made.
func TestEveryEditOfAnotherAdministratorSurvives(t *testing.T) {
	t.Parallel()
	source, target := editedSeeds(t)
	for name, v := range clientVariants() {
		for _, workers := range []int{1, 4} {
			for _, action := range []identity.Action{identity.Keep, identity.Add, identity.Remove, identity.Replace} {
				t.Run(fmt.Sprintf("%s, %s, workers: %d", name, action, workers), func(t *testing.T) {
					t.Parallel()
					base := editTrial{clientVariant: v, action: action, source: source, target: target}
					base.kind.workers = workers
					trials := newTrials(t)
					all := trials.make(base).points
					if all < 4 {
						t.Fatalf("a run has %d journal points only", all)
					}
					for at := 1; at <= all; at++ {
						e := base
						e.editedAt = at
						trials.make(e)
					}
					if !v.thorough {
						return
					}
					for at := 1; at <= all; at++ {
						e := base
						e.killedAt = at
						trials.make(e)
					}
					for _, killed := range []int{all / 3, 2 * all / 3} {
						e := base
						e.killedAt = killed
						for e.editedAt = 1; e.editedAt <= all-killed+8; e.editedAt++ {
							if trials.make(e).points < e.editedAt {
								break
							}
						}
					}
				})
			}
		}
	}
}

// maxFailed is how many failed trials of one kind are told.
const maxFailed = 5

// trials counts, leaves most of them out under the race detector, and tells what is wrong.
type trials struct {
	t            *testing.T
	made, failed int
}

func newTrials(t *testing.T) *trials { return &trials{t: t} }

func (x *trials) make(e editTrial) editOutcome {
	x.t.Helper()
	x.made++
	if raceDetector && x.made%41 != 1 || x.failed >= maxFailed {
		return editOutcome{points: e.editedAt}
	}
	out := e.try(x.t)
	if len(out.problems) > 0 {
		x.failed++
		x.t.Errorf("killed at %d, edited at %d:\n  %s", e.killedAt, e.editedAt, strings.Join(out.problems, "\n  "))
	}
	return out
}
