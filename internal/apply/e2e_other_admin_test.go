package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// The people and teams of these tests are named after what the other administrator does to them. Each of
// them is planned to change in the same way.
const (
	granted  = "PROFILE:sap.epm:Planner_Reporter" // by the other administrator, unknown to the plan
	revoked  = "PROFILE:sap.epm:Predictive_Admin" // by the other administrator; both have it
	viewer   = "PROFILE:sap.epm:Viewer"           // only the source has it
	modeler  = "PROFILE:sap.epm:Modeler"          // both have it
	biAdmin  = "PROFILE:sap.epm:BI_Admin"         // only the target has it
	thirdWay = "neither of both"
)

func editedPeople() []string {
	return []string{"GRANT", "REVOKE", "LANGUAGE", "EMAIL", "ACTIVE", "NAME", "FORMAT", "MANAGER", "DELETED", "UNEDITED"}
}

func editedTeams() []string {
	return []string{"T join", "T leave", "T grant", "T revoke", "T text", "T deleted", "T unedited"}
}

// editedSeeds are the seeds of source and target. NEW and "T new" are in the source only.
func editedSeeds(t testing.TB) (source, target string) {
	t.Helper()
	type entity = map[string]any
	var from, to struct {
		Users []entity `json:"users"`
		Teams []entity `json:"teams"`
	}
	for _, id := range append(editedPeople(), "NEW", "STAYS") {
		from.Users = append(from.Users, entity{"id": id, "preferredLanguage": "de", "roles": []string{viewer, modeler, revoked}})
	}
	from.Users[slices.Index(editedPeople(), "EMAIL")]["email"] = "new.email@example.com"
	for _, id := range append(editedPeople(), "STAYS", "LEAVES", "EVE") {
		to.Users = append(to.Users, entity{"id": id, "roles": []string{biAdmin, modeler, revoked}})
	}
	for _, name := range append(editedTeams(), "T new") {
		from.Teams = append(from.Teams, entity{
			"id": name, "displayName": "of the source", "roles": []string{viewer, modeler, revoked}, "members": []string{"STAYS", "UNEDITED", "NEW"},
		})
	}
	for _, name := range editedTeams() {
		to.Teams = append(to.Teams, entity{
			"id": name, "displayName": "of the target", "roles": []string{biAdmin, modeler, revoked}, "members": []string{"STAYS", "LEAVES"},
		})
	}
	from.Teams = append(from.Teams, entity{"id": "Everybody", "members": append(editedPeople(), "NEW", "STAYS")})
	to.Teams = append(to.Teams, entity{"id": "Everybody", "members": append(editedPeople(), "STAYS")})
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return text(from), text(to)
}

// copyEdited asks for everybody and every team, all by one action.
func copyEdited(action identity.Action) plan.Request {
	req := plan.Request{Steps: []plan.Step{{Origin: "people", CopyTeam: &plan.CopyTeam{
		Team: "Everybody", Users: plan.UsersAll, UserRoles: action, UserTeams: identity.Keep, TeamRoles: identity.Keep, Members: identity.Add, Name: plan.NameKeep,
	}}}}
	for _, name := range append(editedTeams(), "T new") {
		req.Steps = append(req.Steps, plan.Step{Origin: name, CopyTeam: &plan.CopyTeam{
			Team: name, Users: plan.UsersNone, UserRoles: identity.Keep, UserTeams: identity.Keep, TeamRoles: action, Members: action, Name: plan.NameCopy,
		}})
	}
	return req
}

// otherAdminEdits are what the other administrator does, as far as the entities are there. Nobody can tell a role that
// is granted to somebody right after the create from the tenant's default roles, which replace takes off.
func otherAdminEdits(action identity.Action, now simState) []service.Edit {
	third, email, none, manager := "fr", "third@example.com", false, "EVE"
	text := thirdWay
	edits := []service.Edit{
		{User: "GRANT", AddRoles: []string{granted}},
		{User: "REVOKE", RemoveRoles: []string{revoked}},
		{User: "LANGUAGE", Set: service.EditSet{PreferredLanguage: &third}},
		{User: "EMAIL", Set: service.EditSet{Email: &email}},
		{User: "ACTIVE", Set: service.EditSet{Active: &none}},
		{User: "NAME", Set: service.EditSet{GivenName: &text, DisplayName: &text}},
		{User: "FORMAT", Set: service.EditSet{Params: json.RawMessage(`{"dateFormatting":"dd.MM.yyyy"}`)}},
		{User: "MANAGER", Set: service.EditSet{Manager: &manager}},
		{User: "NEW", AddRoles: []string{granted}},
		{Team: "T join", AddMembers: []string{"EVE"}},
		{Team: "T leave", RemoveMembers: []string{"STAYS"}},
		{Team: "T grant", AddRoles: []string{granted}},
		{Team: "T revoke", RemoveRoles: []string{revoked}},
		{Team: "T text", Set: service.EditSet{DisplayName: &text}},
		{User: "DELETED", Delete: true},
		{Team: "T deleted", Delete: true},
		{Team: "T new", AddMembers: []string{"EVE"}, AddRoles: []string{granted}},
	}
	return slices.DeleteFunc(edits, func(e service.Edit) bool {
		_, user := now.Users[e.User]
		_, team := now.Teams[e.Team]
		return !user && !team || e.User == "NEW" && action == identity.Replace
	})
}

// lost says what is not there any more of an edit; empty where all of it is.
func lost(e service.Edit, end simState) string {
	u, user := end.Users[e.User]
	g, team := end.Teams[e.Team]
	if e.Delete {
		return map[bool]string{true: "it is there again"}[user || team]
	}
	roles := append(slices.Clone(u.Roles), g.Roles...)
	var gone []string
	missing := func(what string, is bool) {
		if is {
			gone = append(gone, what)
		}
	}
	for _, r := range e.AddRoles {
		missing("granted role "+r, !slices.Contains(roles, r))
	}
	for _, r := range e.RemoveRoles {
		missing("revoked role "+r, slices.Contains(roles, r))
	}
	for _, id := range e.AddMembers {
		missing("new member "+id, !slices.Contains(g.Members, id))
	}
	for _, id := range e.RemoveMembers {
		missing("removed member "+id, slices.Contains(g.Members, id))
	}
	is := func(what string, want *string, got string) { missing(what+" is "+got, want != nil && *want != got) }
	is("language", e.Set.PreferredLanguage, u.PreferredLanguage)
	is("e-mail", e.Set.Email, u.Email)
	is("given name", e.Set.GivenName, u.GivenName)
	is("manager", e.Set.Manager, u.Manager)
	is("display name", e.Set.DisplayName, u.DisplayName+g.DisplayName)
	missing("active", e.Set.Active != nil && *e.Set.Active != u.Active)
	missing("format", e.Set.Params != nil && u.Params["dateFormatting"] != "dd.MM.yyyy")
	return strings.Join(gone, ", ")
}

// contradicts reports whether an edit, made when the tenant was as in now, contradicts what the plan still
// has to write: another value of an attribute, or another set where the action decides about all of it.
func contradicts(e service.Edit, action identity.Action, before, now simState) bool {
	wasUser, wasTeam := before.Users[e.User], before.Teams[e.Team]
	isUser, isTeam := now.Users[e.User], now.Teams[e.Team]
	switch {
	case e.Delete:
		return wasUser.PreferredLanguage == isUser.PreferredLanguage && wasTeam.DisplayName == isTeam.DisplayName
	case e.Set.PreferredLanguage != nil:
		return wasUser.PreferredLanguage == isUser.PreferredLanguage
	case e.Set.Email != nil:
		return wasUser.Email == isUser.Email
	case e.Team == "T text":
		return wasTeam.DisplayName == isTeam.DisplayName
	case action != identity.Replace:
		return false
	case e.User == "GRANT" || e.User == "REVOKE":
		return slices.Equal(wasUser.Roles, isUser.Roles)
	case e.Team == "T grant" || e.Team == "T revoke":
		return slices.Equal(wasTeam.Roles, isTeam.Roles)
	case e.Team == "T join" || e.Team == "T leave":
		return slices.Equal(wasTeam.Members, isTeam.Members)
	}
	return false
}

// mayConflict reports whether an entity may end with a conflict at all.
func mayConflict(key string, action identity.Action) bool {
	switch key {
	case "LANGUAGE", "EMAIL", "T text", "DELETED", "T deleted":
		return true
	case "GRANT", "REVOKE", "T grant", "T revoke", "T join", "T leave", "T new":
		return action == identity.Replace
	}
	return false
}

// clientVariant is one way in which a client talks to a tenant, one call after the other: with calls side by side
// a journal point of one could lie between reading and sending of another.
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
	w := &otherAdmin{prod: prod, action: e.action, before: prod.state(t)}
	stored := newStoredRun(t)
	first := &simProcess{}
	last := first
	res, err := e.fresh(t, w, stored, first, dev)
	if e.killedAt > 0 {
		if !errors.Is(err, errProcessDead) {
			return editOutcome{problems: []string{fmt.Sprintf("the first process lives on: %v", err)}}
		}
		letPass(2 * stored.ttl)
		last = &simProcess{}
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
}

func (w *otherAdmin) edit(t *testing.T) {
	t.Helper()
	w.atEdit = w.prod.state(t)
	w.edits = otherAdminEdits(w.action, w.atEdit)
	if err := w.prod.server.Edit(w.edits...); err != nil {
		t.Error(err)
	}
}

// watch edits at one journal point, and kills the process at another.
func (w *otherAdmin) watch(t *testing.T, killedAt, editedAt int) func(processPoint) error {
	journal, dead := 0, false
	return func(p processPoint) error {
		if p.kind == journalPoint {
			journal++
			if journal == editedAt {
				w.edit(t)
			}
			dead = dead || journal == killedAt
		}
		if dead {
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
		if what := lost(e, end); what != "" {
			problems = append(problems, fmt.Sprintf("%s: the edit is lost (%s); the run says %q", key, what, named[key]))
		}
		if contradicts(e, w.action, w.before, w.atEdit) && w.changes(key) && !strings.Contains(named[key], "changed") && (!e.Delete || named[key] == "") {
			problems = append(problems, fmt.Sprintf("%s: the edit contradicts the plan, but the run says %q", key, named[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(named)) {
		if !mayConflict(key, w.action) {
			problems = append(problems, fmt.Sprintf("%s need not fail: %s", key, named[key]))
		}
	}
	for _, c := range w.plan.Changes {
		if isEdited(c.Key) {
			c.Fields = nil
		}
		if named[c.Key] == "" && !strings.HasSuffix(strings.ToLower(c.Key), "deleted") {
			problems = append(problems, undone(&c, end)...)
		}
	}
	if v := w.prod.violations(t); len(v) > 0 {
		problems = append(problems, fmt.Sprintf("the tenant complains: %v", v))
	}
	return problems
}

// changes reports whether the plan has a change of that entity.
func (w *otherAdmin) changes(key string) bool {
	return slices.ContainsFunc(w.plan.Changes, func(c plan.Change) bool { return c.Key == key })
}

// isEdited reports whether the plan's own attribute of that entity is edited.
func isEdited(key string) bool { return slices.Contains([]string{"LANGUAGE", "EMAIL", "T text"}, key) }

// TestEveryEditOfAnotherAdministratorSurvives lets another administrator edit roles, teams, members, attributes and flags at the
// question and at every journal point of a run, fresh and resumed, for every action and kind of client. Under
// the race detector every 41st trial is made.
func TestEveryEditOfAnotherAdministratorSurvives(t *testing.T) {
	t.Parallel()
	source, target := editedSeeds(t)
	for name, v := range clientVariants() {
		for _, action := range []identity.Action{identity.Keep, identity.Add, identity.Remove, identity.Replace} {
			t.Run(name+", "+string(action), func(t *testing.T) {
				t.Parallel()
				base := editTrial{clientVariant: v, action: action, source: source, target: target}
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
