package sac_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

var wrongAnswers = []string{"error", "empty", "array", "list", "other", "before", "none"}

// wrongFault answers one write in a wrong way, before or after it took effect.
func wrongFault(method, path, answer string, effect bool) string {
	action := "wrong-answer"
	if effect {
		action = "wrong-answer-after-write"
	}
	rule := func(method string) string {
		return fmt.Sprintf(`{"match":{"method":%q,"path":%q},"once":true,"action":%q,"answer":%q}`, method, path, action, answer)
	}
	if method == "" {
		return "[" + rule("PUT") + "," + rule("PATCH") + "]"
	}
	return "[" + rule(method) + "]"
}

// judged tells an outcome in a word.
func judged(out upstream.Outcome) string {
	switch {
	case out.Err != nil:
		return string(upstream.ClassOf(out.Err))
	case len(out.Undone) > 0:
		return "undone"
	}
	return "done"
}

func TestNoWrongAnswerToAnUpdateCountsAsDone(t *testing.T) {
	t.Parallel()
	for _, answer := range wrongAnswers {
		for _, effect := range []bool{false, true} {
			for name, tt := range map[string]setup{
				"NEO":  {platform: service.NEO, faults: wrongFault("PUT", "Users/", answer, effect)},
				"PUT":  {api: "1", faults: wrongFault("PUT", "Users/", answer, effect)},
				"one":  {noBulk: true, faults: wrongFault("PATCH", "Users/", answer, effect)},
				"Bulk": {faults: wrongFault("POST", "Bulk", answer, effect)},
			} {
				t.Run(fmt.Sprintf("%s answered with %q, with effect %v", name, answer, effect), func(t *testing.T) {
					t.Parallel()
					tt.seed = meanwhileSeed
					s := open(t, tt)
					updates := []upstream.UserUpdate{
						{UserKey: key("ANNA"), Language: edit("en", "de"), AddRoles: []string{roleZ}, RolesBefore: xy},
						{UserKey: key("BERT"), Language: edit("en", "de")},
					}
					outs := s.UpdateUsers(t.Context(), updates)
					for i, id := range []string{"ANNA", "BERT"} {
						there := s.state().Users[id].PreferredLanguage == "de"
						if done := judged(outs[i]) == "done"; done != there {
							t.Errorf("%s: %s (%v, undone %v), there: %v", id, judged(outs[i]), outs[i].Err, outs[i].Undone, there)
						}
						if e := outs[i].Err; e != nil && (asError(t, e).Code != "not-an-answer" || asError(t, e).Cause == "" || upstream.ClassOf(e) != upstream.Refused) {
							t.Errorf("%s: %+v, want a cause of its own", id, e)
						}
					}
				})
			}
		}
	}
}

func TestNoWrongAnswerToATeamWriteCountsAsDone(t *testing.T) {
	t.Parallel()
	updates := map[string]upstream.GroupUpdate{
		"adds a role":     {AddRoles: []string{roleZ}, RolesBefore: xy},
		"adds a member":   {AddMembers: []string{"CARL"}},
		"removes members": {RemoveMembers: []string{"ANNA", "BERT"}},
		"describes":       {Description: edit("T", "ours")},
	}
	for _, answer := range wrongAnswers {
		for _, effect := range []bool{false, true} {
			for _, tt := range []setup{{platform: service.NEO}, {}, {api: "2"}} {
				for doing, u := range updates {
					t.Run(fmt.Sprintf("%s api %s %s, answered with %q, with effect %v", tt.platform, tt.api, doing, answer, effect), func(t *testing.T) {
						t.Parallel()
						tt := tt // of this test alone
						tt.seed, tt.faults = meanwhileSeed, wrongFault("", "Groups/", answer, effect)
						s := open(t, tt)
						u.GroupKey, u.Size = teamKey(s, "T"), 2
						out := s.UpdateGroup(t.Context(), u)
						before := simTeam{DisplayName: "T", Roles: xy, Members: []string{"ANNA", "BERT"}}
						there := cmp.Diff(s.state().Teams["T"], before) != ""
						if done := judged(out) == "done"; done != there {
							t.Errorf("%s (%v, undone %v), there: %v", judged(out), out.Err, out.Undone, there)
						}
						if out.Err != nil && (asError(t, out.Err).Code != "not-an-answer" || asError(t, out.Err).Cause == "") {
							t.Errorf("%+v, want a cause of its own", out.Err)
						}
					})
				}
			}
		}
	}
}

func TestNoWrongAnswerToACreateOrDeleteCountsAsDone(t *testing.T) {
	t.Parallel()
	works := map[string]struct {
		method, path string
		do           func(t *testing.T, s *sim) upstream.Outcome
		done         func(s simState) bool
	}{
		"create one": {"POST", "Users$", func(t *testing.T, s *sim) upstream.Outcome {
			return s.CreateUsers(t.Context(), []*identity.User{newcomer("NEW")})[0]
		}, func(s simState) bool { return s.Users["NEW"].Email != "" }},
		"create many": {"POST", "Bulk", func(t *testing.T, s *sim) upstream.Outcome {
			return s.CreateUsers(t.Context(), []*identity.User{newcomer("NEW"), newcomer("NEWER")})[0]
		}, func(s simState) bool { return s.Users["NEW"].Email != "" }},
		"delete one": {"DELETE", "Users/", func(t *testing.T, s *sim) upstream.Outcome {
			return s.DeleteUsers(t.Context(), []upstream.UserKey{key("CARL")})[0]
		}, func(s simState) bool { return s.Users["CARL"].Email == "" }},
		"create a team": {"POST", "Groups$", func(t *testing.T, s *sim) upstream.Outcome {
			return s.CreateGroup(t.Context(), &identity.Group{Name: "New", Description: "It is new"})
		}, func(s simState) bool { return s.Teams["New"].DisplayName != "" }},
		"delete a team": {"DELETE", "Groups/", func(t *testing.T, s *sim) upstream.Outcome {
			return s.DeleteGroup(t.Context(), upstream.GroupKey{Name: "T"})
		}, func(s simState) bool { return s.Teams["T"].DisplayName == "" }},
	}
	for _, answer := range wrongAnswers {
		for _, effect := range []bool{false, true} {
			for _, platform := range []service.Platform{service.CF, service.NEO} {
				for doing, work := range works {
					if platform == service.NEO && doing == "create many" {
						continue
					}
					t.Run(fmt.Sprintf("%s %s, answered with %q, with effect %v", platform, doing, answer, effect), func(t *testing.T) {
						t.Parallel()
						s := open(t, setup{platform: platform, seed: meanwhileSeed, faults: wrongFault(work.method, work.path, answer, effect)})
						out := work.do(t, s)
						// A create is judged by who sent it, who knows the time of the intent; so is a delete that is
						// not answered by 204.
						if judged(out) == "done" && !work.done(s.state()) || out.Err != nil && upstream.ClassOf(out.Err) != upstream.Unknown {
							t.Errorf("%s: %v", judged(out), out.Err)
						}
					})
				}
			}
		}
	}
}

func TestRolesAndMembersThatTheTenantDropsAreNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{{platform: service.NEO}, {}, {noBulk: true}, {api: "2"}, {facts: upstream.Facts{RolePatch: upstream.Yes}}, {facts: upstream.Facts{RolePatch: upstream.No}}} {
		t.Run(fmt.Sprintf("%s api %s no Bulk %v single roles %q", tt.platform, tt.api, tt.noBulk, tt.facts.RolePatch), func(t *testing.T) {
			t.Parallel()
			tt.seed, tt.settings = meanwhileSeed, `{"droppedRoles":["`+roleZ+`"],"droppedMembers":["CARL"]}`
			s := open(t, tt)
			want := []string{"role " + roleZ + " dropped"}
			outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{
				{UserKey: key("ANNA"), AddRoles: []string{roleZ}, RolesBefore: xy}, {UserKey: key("BERT"), AddRoles: []string{"PROFILE:t.A:W"}, RolesBefore: xy},
			})
			noErr(t, outs...)
			if diff := cmp.Diff(undone(outs[0]), want); diff != "" || len(outs[1].Undone) > 0 {
				t.Errorf("people (-got +want):\n%s and %v", diff, outs[1].Undone)
			}
			out := s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: teamKey(s, "T"), Size: 2, AddRoles: []string{roleZ}, RolesBefore: xy})
			noErr(t, out)
			if diff := cmp.Diff(undone(out), want); diff != "" {
				t.Errorf("team's roles (-got +want):\n%s", diff)
			}
			out = s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: teamKey(s, "T"), Size: 2, AddMembers: []string{"CARL"}})
			noErr(t, out)
			if diff := cmp.Diff(undone(out), []string{"member CARL dropped"}); diff != "" {
				t.Errorf("members (-got +want):\n%s", diff)
			}
			made := newcomer("NEW")
			made.Roles = []string{roleX, roleZ}
			out = s.CreateUsers(t.Context(), []*identity.User{made})[0]
			noErr(t, out)
			if diff := cmp.Diff(undone(out), want); diff != "" {
				t.Errorf("created (-got +want):\n%s", diff)
			}
			if s.Facts().RolePatch != tt.facts.RolePatch {
				t.Errorf("single roles are %q now: a dropped role says nothing about them", s.Facts().RolePatch)
			}
		})
	}
}

func TestAttributesThatTheTenantIgnoresAreLearntAndForgotten(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		setting string
		update  upstream.UserUpdate
	}{
		"email":         {"email", upstream.UserUpdate{Email: edit("anna@example.com", "a@example.com")}},
		"loginId":       {"loginId", upstream.UserUpdate{LoginID: edit("ANNA", "emp-1")}},
		"givenName":     {"givenName", upstream.UserUpdate{GivenName: edit("", "A")}},
		"familyName":    {"familyName", upstream.UserUpdate{FamilyName: edit("ANNA", "A")}},
		"displayName":   {"displayName", upstream.UserUpdate{DisplayName: edit("ANNA", "A")}},
		"language":      {"preferredLanguage", upstream.UserUpdate{Language: edit("en", "de")}},
		"active":        {"active", upstream.UserUpdate{Active: edit(true, false)}},
		"photos":        {"photos", upstream.UserUpdate{Photos: edit(nil, []string{"https://p.example.com/a.png"})}},
		"dataLanguage":  {"dataAccessLanguage", upstream.UserUpdate{DataLanguage: edit("en", "fr")}},
		"dateFormat":    {"dateFormatting", upstream.UserUpdate{DateFormat: edit("MMM d, yyyy", "dd.MM.yyyy")}},
		"timeFormat":    {"timeFormatting", upstream.UserUpdate{TimeFormat: edit("H:mm:ss", "h:mm:ss a")}},
		"numberFormat":  {"numberFormatting", upstream.UserUpdate{NumberFormat: edit("1,234.56", "1.234,56")}},
		"cleanUpDays":   {"cleanUpNotificationsNumberOfDays", upstream.UserUpdate{CleanUpDays: edit(0, 9)}},
		"notifyByEmail": {"systemNotificationsEmailOptIn", upstream.UserUpdate{NotifyByEmail: edit(true, false)}},
		"concurrent":    {"isConcurrent", upstream.UserUpdate{Concurrent: edit(false, true)}},
	}
	for _, tt := range []setup{{platform: service.NEO}, {}, {noBulk: true}} {
		for name, c := range cases {
			t.Run(fmt.Sprintf("%s no Bulk %v: %s", tt.platform, tt.noBulk, name), func(t *testing.T) {
				t.Parallel()
				tt := tt // of this test alone
				tt.seed, tt.sso, tt.settings = meanwhileSeed, service.SSOCustom, `{"ignoredAttributes":["`+c.setting+`"]}`
				s := open(t, tt)
				c.update.UserKey = key("ANNA")
				outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{c.update, {UserKey: key("BERT"), AddRoles: []string{roleZ}, RolesBefore: xy}})
				noErr(t, outs...)
				if diff := cmp.Diff(undone(outs[0]), []string{"attribute " + name + " ignored"}); diff != "" {
					t.Errorf("(-got +want):\n%s", diff)
				}
				if since := s.Facts().Ignored[name]; time.Since(since) > time.Minute {
					t.Errorf("facts %v", s.Facts())
				}
				if tt.platform == service.NEO && strings.HasSuffix(name, "Name") {
					return // v1 ignores names of itself
				}
				s.control("POST", "/__settings", `{"ignoredAttributes":[]}`, nil)
				noErr(t, s.UpdateUsers(t.Context(), []upstream.UserUpdate{c.update})...)
				if _, still := s.Facts().Ignored[name]; still {
					t.Errorf("facts %v, though the tenant takes it now", s.Facts())
				}
			})
		}
	}
}

func TestAKnownManagerWhomTheTenantIgnoresIsAnIgnoredAttribute(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{{}, {noBulk: true}} {
		t.Run(fmt.Sprintf("no Bulk %v", tt.noBulk), func(t *testing.T) {
			t.Parallel()
			tt.seed, tt.settings = meanwhileSeed, `{"ignoredAttributes":["manager"]}`
			s := open(t, tt)
			update := upstream.UserUpdate{UserKey: key("ANNA"), Manager: edit("", "CARL"), Language: edit("en", "de")}
			other := upstream.UserUpdate{UserKey: key("BERT"), Language: edit("en", "de")}
			outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{update, other})
			noErr(t, outs...)
			if diff := cmp.Diff(undone(outs[0]), []string{"attribute manager ignored"}); diff != "" || len(outs[1].Undone) > 0 {
				t.Errorf("(-got +want):\n%s and %v", diff, outs[1].Undone)
			}
			if since := s.Facts().Ignored[upstream.AttrManager]; time.Since(since) > time.Minute {
				t.Errorf("facts %v", s.Facts())
			}
			s.control("POST", "/__settings", `{"ignoredAttributes":[]}`, nil)
			noErr(t, s.UpdateUsers(t.Context(), []upstream.UserUpdate{update})...)
			if _, still := s.Facts().Ignored[upstream.AttrManager]; still {
				t.Errorf("facts %v, though the tenant takes it now", s.Facts())
			}
		})
	}
}

func TestAReadingAnsweredWithSomethingElseIsTriedLater(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]setup{
		"search": {faults: `[{"match":{"path":"search"},"once":true,"action":"wrong-answer","answer":"empty"}]`},
		"person": {platform: service.NEO, faults: `[{"match":{"method":"GET","path":"Users/ANNA"},"once":true,"action":"wrong-answer","answer":"other"}]`},
	} {
		tt.seed = meanwhileSeed
		s := open(t, tt)
		before := s.state()
		update := []upstream.UserUpdate{{UserKey: key("ANNA"), Language: edit("en", "de")}}
		if out := s.UpdateUsers(t.Context(), update)[0]; upstream.ClassOf(out.Err) != upstream.RetryLater {
			t.Errorf("%s: Err = %v", name, out.Err)
		}
		if diff := cmp.Diff(s.state(), before); diff != "" {
			t.Errorf("%s: state (-got +want):\n%s", name, diff)
		}
		noErr(t, s.UpdateUsers(t.Context(), update)...)
	}
}
