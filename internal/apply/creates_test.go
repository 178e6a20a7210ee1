package apply_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// answers are what a tenant can say to a create, whether or not it took effect.
var answers = map[string]*upstream.Error{
	"429":             {Class: upstream.RetryLater, Op: "call", Status: 429},
	"401":             {Class: upstream.Credentials, Op: "call", Status: 401},
	"403":             {Class: upstream.Credentials, Op: "call", Status: 403},
	"409":             {Class: upstream.Conflict, Op: "call", Status: 409},
	"502":             {Class: upstream.Unknown, Op: "call", Status: 502},
	"lost":            {Class: upstream.Unknown, Op: "call"},
	"something else":  {Class: upstream.Unknown, Op: "call", Status: 200, Code: "other-answer"},
	"not classed yet": {Op: "call"},
}

// A create that took effect is done, whatever the tenant answered; one that did not is not.
func TestACreateIsLookedAtBeforeItsAnswerIsBelieved(t *testing.T) {
	t.Parallel()
	for op, change := range map[string]plan.Change{
		"create users": createUser("ANNA", "", "R1"),
		"create team":  {Entity: plan.Team, Op: plan.Create, Key: "T", Group: &identity.Group{Name: "T"}, AddRoles: []string{"R1"}},
	} {
		for name, answer := range answers {
			for _, effect := range []bool{true, false} {
				for _, times := range []int{1, 100} {
					t.Run(fmt.Sprintf("%s: %s %d times, with effect: %v", op, name, times, effect), func(t *testing.T) {
						t.Parallel()
						f, j := newTenant(usual), &memory{}
						f.before = on(op, upTo(times), answer, effect)
						res, err := apply.Run(t.Context(), deps(f, j), planOf(change))
						if stops := answer.Class == upstream.Credentials; (err != nil) != stops {
							t.Fatalf("got %v, want the run stopped: %v", err, stops)
						}
						if err == nil && (res.Entities[0].Status == apply.Done) != (effect || times == 1 && answer.Class != upstream.Conflict) {
							t.Errorf("got %s (%s)", res.Entities[0].Status, res.Entities[0].Cause)
						}
						f.before = nil
						if !res.Complete() {
							if res, err = apply.Resume(t.Context(), deps(f, j)); err != nil || !res.Complete() {
								t.Errorf("resumed: got %v, %v", res.Entities, err)
							}
						}
						noBreach(t, f)
						if e := res.Entities[0]; e.Adopted || e.Ref == "" {
							t.Errorf("got %+v, want it known as this run's own", e)
						}
					})
				}
			}
		}
	}
}

func TestWhoseAnAccountIs(t *testing.T) {
	t.Parallel()
	there := func(change func(u *identity.User)) identity.User {
		u := identity.User{UserID: "ANNA", Email: "anna@x.test", Active: true, Created: now()}
		change(&u)
		return u
	}
	for name, c := range map[string]struct {
		there   identity.User
		clock   bool // the tenant's clock is known
		status  apply.Status
		adopted bool
		key     string
		cause   string
	}{
		"created after the intent: the run's own":          {there(func(u *identity.User) { u.Created = now().Add(time.Second) }), true, apply.Done, false, "", ""},
		"created in the very second of the intent":         {there(func(*identity.User) {}), true, apply.Done, false, "", ""},
		"created a second before, by a clock of seconds":   {there(func(u *identity.User) { u.Created = now().Add(-time.Second) }), true, apply.Done, false, "", ""},
		"e-mails differ in case only":                      {there(func(u *identity.User) { u.Email = "Anna@X.test" }), true, apply.Done, false, "", ""},
		"created before: somebody else's":                  {there(func(u *identity.User) { u.Created = now().Add(-time.Hour) }), true, apply.Failed, false, "conflict/user-exists", "an account of 2026-03-01 11:00:00"},
		"another e-mail: somebody else's":                  {there(func(u *identity.User) { u.Email = "other@x.test" }), true, apply.Failed, false, "conflict/user-exists", "other@x.test"},
		"the tenant does not tell when it was created":     {there(func(u *identity.User) { u.Created = time.Time{} }), true, apply.Done, true, "", ""},
		"the tenant's clock is not known":                  {there(func(u *identity.User) { u.Created = now().Add(-time.Hour) }), false, apply.Done, true, "", ""},
		"the external ID that was sent: the run's own":     {there(func(u *identity.User) { u.ExternalID, u.Created = "x-1", now().Add(-time.Hour) }), true, apply.Done, false, "", ""},
		"somebody else has the e-mail, nobody the user ID": {there(func(u *identity.User) { u.UserID = "BERT" }), true, apply.Failed, false, "conflict/email-taken", "belongs to user BERT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, resumed := range []bool{false, true} {
				f, j := newTenant(usual), &memory{}
				f.clockless, f.byEmail = !c.clock, true
				taken := func(string, int) (error, bool) { // the fake knows no e-mails
					if c.there.UserID != "ANNA" {
						return failure(upstream.Conflict), false
					}
					return nil, true
				}
				f.before = func(op string, n int) (error, bool) {
					if n > 1 {
						return taken(op, n)
					}
					f.mu.Lock()
					defer f.mu.Unlock()
					f.users[c.there.UserID] = c.there
					return failure(upstream.Unknown), false
				}
				if resumed { // the answer is lost with the process
					f.before = func(string, int) (error, bool) {
						f.mu.Lock()
						defer f.mu.Unlock()
						f.users[c.there.UserID] = c.there
						return &upstream.Error{Class: upstream.Unknown, Unreachable: true}, false
					}
				}
				p := planOf(createUser("ANNA", ""))
				p.Changes[0].User.Email, p.Changes[0].User.ExternalID = "anna@x.test", "x-1"
				res, err := apply.Run(t.Context(), deps(f, j), p)
				if resumed {
					f.before = taken
					res, err = apply.Resume(t.Context(), deps(f, j))
				}
				if err != nil {
					t.Fatal(err)
				}
				e := res.Entities[0]
				if e.Status != c.status || e.Adopted != c.adopted || e.CauseKey != c.key || !contains(e.Cause, c.cause) {
					t.Errorf("resumed %v: got %s, adopted %v, %s: %s", resumed, e.Status, e.Adopted, e.CauseKey, e.Cause)
				}
				if c.status == apply.Failed && !contains(e.Cause, "make a new plan") {
					t.Errorf("resumed %v: the cause does not say what to do: %s", resumed, e.Cause)
				}
			}
		})
	}
}

func TestWhoseATeamIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class   upstream.Class // of the answer to the create
		there   identity.Group
		status  apply.Status
		adopted bool
	}{
		"created after the intent: the run's own":                  {upstream.Conflict, identity.Group{Name: "T", Created: now()}, apply.Done, false},
		"created before: somebody else's":                          {upstream.Conflict, identity.Group{Name: "T", Created: now().Add(-time.Hour)}, apply.Failed, false},
		"no time is told, and it is empty: adopted":                {upstream.Conflict, identity.Group{Name: "T"}, apply.Done, true},
		"no time is told, and it is in use: not adopted":           {upstream.Conflict, identity.Group{Name: "T", Roles: []string{"R9"}}, apply.Failed, false},
		"the name was taken by one with members: somebody else's":  {upstream.Conflict, identity.Group{Name: "T", Created: now(), Members: []string{"X"}, Size: 1}, apply.Failed, false},
		"the name was taken by one with roles: somebody else's":    {upstream.Conflict, identity.Group{Name: "T", Created: now(), Roles: []string{"R9"}}, apply.Failed, false},
		"no answer, and it has roles: adopted":                     {upstream.Unknown, identity.Group{Name: "T", Created: now(), Roles: []string{"R9"}}, apply.Done, true},
		"no answer, and it is as it was to be made: the run's own": {upstream.Unknown, identity.Group{Name: "T", Created: now()}, apply.Done, false},
	} {
		f := newTenant(usual)
		f.before = on("create team", number(1), failure(c.class), false)
		f.teams["T"] = c.there
		res := mustRun(t, f, planOf(plan.Change{Entity: plan.Team, Op: plan.Create, Key: "T"}))
		if e := res.Entities[0]; e.Status != c.status || e.Adopted != c.adopted {
			t.Errorf("%s: got %s (%s), adopted %v", name, e.Status, e.Cause, e.Adopted)
		}
	}
}

// What was there when the plan was made and is no more cannot be written to by any try.
func TestWhatIsGoneNeedsANewPlan(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.before = func(op string, _ int) (error, bool) {
		if op == "update users" || contains(op, "team") {
			return failure(upstream.Gone), false
		}
		return nil, true
	}
	f.users["ANNA"], f.teams["T"] = identity.User{UserID: "ANNA"}, identity.Group{Name: "T"}
	res := mustRun(t, f, planOf(
		plan.Change{Entity: plan.User, Op: plan.Update, Key: "ANNA", AddRoles: []string{"R1"}},
		plan.Change{Entity: plan.Team, Op: plan.Update, Key: "T", AddMembers: []string{"ANNA"}},
	))
	for _, e := range res.Entities {
		if e.Status != apply.Failed || !contains(e.CauseKey, "gone/") || !contains(e.Cause, "make a new plan") {
			t.Errorf("%s %s: got %s, %s: %s", e.Entity, e.Key, e.Status, e.CauseKey, e.Cause)
		}
	}
}

// What the answer says was created but nobody sees is not done; resume finds it, or makes it.
func TestWhoIsNotShownIsNotCreated(t *testing.T) {
	t.Parallel()
	for _, appears := range []bool{true, false} {
		f, j := newTenant(usual), &memory{}
		var late identity.User
		f.after = func(op string) {
			if op == "create users" {
				late = f.users["ANNA"]
				delete(f.users, "ANNA")
				f.after = nil
			}
		}
		p := planOf(createUser("ANNA", ""), plan.Change{Entity: plan.Team, Op: plan.Create, Key: "T", AddMembers: []string{"ANNA"}})
		res, err := apply.Run(t.Context(), deps(f, j), p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(statuses(res), []string{"create user ANNA: failed", "create team T: done in part"}); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
		if appears {
			f.users["ANNA"] = late
		}
		if res, err = apply.Resume(t.Context(), deps(f, j)); err != nil || !res.Complete() {
			t.Errorf("appears %v: got %v, %v", appears, res.Entities, err)
		}
		if got := f.creates["user ANNA"]; (got == 1) != appears {
			t.Errorf("appears %v: created %d times", appears, got)
		}
		if diff := cmp.Diff(f.teams["T"].Members, []string{"ANNA"}); diff != "" {
			t.Errorf("members (-got +want):\n%s", diff)
		}
	}
}

// What somebody does to a person right after the creation stays, or is told where it contradicts the plan.
func TestWhatHappensRightAfterACreationStays(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.defaultRoles = []string{"R0"}
	f.after = func(op string) {
		if op == "create users" {
			u := f.users["ANNA"]
			u.Roles, u.Language = union(u.Roles, []string{"R9"}), "fr"
			f.users["ANNA"] = u
		}
	}
	anna, bert := createUser("ANNA", "", "R1"), createUser("BERT", "", "R1")
	anna.DecidesAllRoles, bert.DecidesAllRoles = true, true
	anna.User.Language, bert.User.Language = "en", "en"
	res := mustRun(t, f, planOf(anna, bert))
	if diff := cmp.Diff([][]string{f.users["ANNA"].Roles, f.users["BERT"].Roles}, [][]string{{"R1", "R9"}, {"R1"}}); diff != "" || f.users["ANNA"].Language != "fr" {
		t.Errorf("language %s, roles (-got +want):\n%s", f.users["ANNA"].Language, diff)
	}
	var links []string
	for _, l := range res.Entities[0].Links {
		links = append(links, fmt.Sprint(l.Kind, " ", l.Key, " ", l.Code))
	}
	if diff := cmp.Diff(links, []string{"attribute language dropped", "role R9 granted-meanwhile"}); diff != "" || res.Entities[1].Status != apply.Done {
		t.Errorf("BERT is %s, links of ANNA (-got +want):\n%s", res.Entities[1].Status, diff)
	}
}

// TestTrial1WhoWasCreatedUnderAnotherUserIDByABulkIsNamed is about an answer that shows nobody.
func TestTrial1WhoWasCreatedUnderAnotherUserIDByABulkIsNamed(t *testing.T) {
	t.Parallel()
	f := newTenant(usual)
	f.byEmail = true
	f.after = func(op string) {
		if u, made := f.users["ANNA"]; op == "create users" && made {
			u.UserID = "ANNA9"
			delete(f.users, "ANNA")
			f.users["ANNA9"] = u
		}
	}
	person := func(id string) plan.Change {
		return plan.Change{Entity: plan.User, Op: plan.Create, Key: id, User: &identity.User{UserID: id, Email: id + "@x.example", Active: true}}
	}
	res := mustRun(t, f, planOf(person("ANNA"), person("BERT")))
	if e := res.Entities[0]; e.Status != apply.Failed || !strings.Contains(e.Cause, `the tenant made user "ANNA9" instead, which stays`) || e.CauseKey != "refused/other-user-id" {
		t.Errorf("ANNA: %s, %s (%s)", e.Status, e.Cause, e.CauseKey)
	}
	if e := res.Entities[1]; e.Status != apply.Done {
		t.Errorf("BERT: %s (%s)", e.Status, e.Cause)
	}
}
