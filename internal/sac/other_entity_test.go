package sac_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// otherSeed has, first in every list, somebody and a team that look the way the updates below want others to look.
const otherSeed = `{"users":[{"id":"AAA","preferredLanguage":"de","roles":["PROFILE:t.A:X","PROFILE:t.A:Z"]},{"id":"SYSOWNER","systemOwner":true},
 {"id":"ANNA","roles":["PROFILE:t.A:X"]},{"id":"BERT","roles":["PROFILE:t.A:X"]}],
 "roles":["PROFILE:t.A:Z"],
 "teams":[{"id":"A","displayName":"ours","roles":["PROFILE:t.A:X","PROFILE:t.A:Z"],"members":["ANNA","BERT"]},{"id":"T","roles":["PROFILE:t.A:X"],"members":["ANNA"]}]}`

// An answer about somebody else says nothing, however well it looks.
func TestAnAnswerAboutSomebodyElseIsNeverTakenForTheOneThatWasAsked(t *testing.T) {
	t.Parallel()
	language := upstream.UserUpdate{UserKey: key("ANNA"), Language: edit("en", "de")}
	role := upstream.UserUpdate{UserKey: key("ANNA"), AddRoles: []string{roleZ}, RolesBefore: []string{roleX}}
	for name, tt := range map[string]struct {
		s      setup
		update upstream.UserUpdate
	}{
		"PUT on NEO":                 {setup{platform: service.NEO}, language},
		"PUT of roles on NEO":        {setup{platform: service.NEO}, role},
		"PATCH":                      {setup{noBulk: true}, language},
		"PATCH of all roles":         {setup{noBulk: true, facts: upstream.Facts{RolePatch: upstream.No}}, role},
		"PATCH of single roles":      {setup{noBulk: true, facts: upstream.Facts{RolePatch: upstream.Yes}}, role},
		"first PATCH of single ones": {setup{noBulk: true}, role},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.s.seed, tt.s.faults = otherSeed, wrongFault("", "Users/", "other", false)
			s := open(t, tt.s)
			out := s.UpdateUsers(t.Context(), []upstream.UserUpdate{tt.update})[0]
			now := s.state().Users["ANNA"]
			there := now.PreferredLanguage == "de" || strings.Contains(fmt.Sprint(now.Roles), roleZ)
			// Single roles are written again as a whole set where the answer shows nothing, and are there then.
			if (judged(out) == "done") != there || !there && asError(t, out.Err).Code != "not-an-answer" {
				t.Errorf("%s: %v, undone %v, there: %v", judged(out), out.Err, undone(out), there)
			}
			if len(s.Facts().Ignored) > 0 {
				t.Errorf("learnt %v from an answer about somebody else", s.Facts())
			}
		})
	}
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for name, u := range map[string]upstream.GroupUpdate{
			"role":        {AddRoles: []string{roleZ}, RolesBefore: []string{roleX}},
			"member":      {AddMembers: []string{"BERT"}},
			"description": {Description: edit("T", "ours")},
		} {
			t.Run(fmt.Sprintf("%s, a team's %s", platform, name), func(t *testing.T) {
				t.Parallel()
				s := open(t, setup{platform: platform, seed: otherSeed, faults: wrongFault("", "Groups/", "other", false)})
				u.GroupKey, u.Size = teamKey(s, "T"), 1
				if out := s.UpdateGroup(t.Context(), u); judged(out) != "refused" || asError(t, out.Err).Code != "not-an-answer" {
					t.Errorf("%s: %v, undone %v", judged(out), out.Err, undone(out))
				}
			})
		}
	}
}

func TestALookThatFindsSomebodyElseLeavesAnUpdateOpen(t *testing.T) {
	t.Parallel()
	s := open(t, setup{platform: service.NEO, seed: otherSeed, faults: `[{"match":{"method":"PUT","path":"Users/"},"once":true,"action":"wrong-answer","answer":"none"},
		{"match":{"method":"GET","path":"Users/ANNA"},"nth":[2],"action":"wrong-answer","answer":"other"}]`})
	out := s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: key("ANNA"), Language: edit("en", "de")}})[0]
	if upstream.ClassOf(out.Err) != upstream.Unknown || asError(t, out.Err).Code != "not-seen" {
		t.Errorf("%s: %v", judged(out), out.Err)
	}
}

func TestWhatCannotBeAnAnswerToACreateLeavesItOpenAndGivesNoReference(t *testing.T) {
	t.Parallel()
	for _, answer := range wrongAnswers {
		for _, platform := range []service.Platform{service.CF, service.NEO} {
			for _, effect := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s answers with %q, effect %v", platform, answer, effect), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, seed: otherSeed, faults: "[" + strings.Trim(wrongFault("POST", "Users$", answer, effect), "[]") + "," +
						strings.Trim(wrongFault("POST", "Groups$", answer, effect), "[]") + "]"})
					person := s.CreateUsers(t.Context(), []*identity.User{newcomer("NEW")})[0]
					team := s.CreateGroup(t.Context(), &identity.Group{Name: "New", Description: "ours"})
					for kind, out := range map[string]upstream.Outcome{"person": person, "team": team} {
						if upstream.ClassOf(out.Err) != upstream.Unknown || out.Ref != "" {
							t.Errorf("%s: %s, %v, reference %q", kind, judged(out), out.Err, out.Ref)
						}
					}
				})
			}
		}
	}
}

func TestADeletionInABulkIsSeenByItsStatusOnly(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{200: "unknown outcome", 204: "done", 404: "done"} {
		s := open(t, setup{seed: otherSeed, faults: fmt.Sprintf(`[{"match":{"path":"Bulk"},"once":true,"action":"item-status","status":%d,"items":[1]}]`, status)})
		outs := s.DeleteUsers(t.Context(), []upstream.UserKey{key("ANNA"), key("BERT")})
		if got := judged(outs[0]); got != want || judged(outs[1]) != "done" {
			t.Errorf("%d: %s, want %s (%v); the other one %v", status, got, want, outs[0].Err, outs[1].Err)
		}
	}
}

func TestADescriptionThatANewTeamDidNotGetIsNamed(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		s := open(t, setup{platform: platform, seed: otherSeed, rewrite: func(_ *http.Request, body []byte) []byte {
			return bytes.ReplaceAll(body, []byte("the wanted one"), []byte("something else"))
		}})
		out := s.CreateGroup(t.Context(), &identity.Group{Name: "New", Description: "the wanted one"})
		noErr(t, out)
		if got := fmt.Sprint(undone(out)); got != "[attribute description dropped]" {
			t.Errorf("%s: undone %s", platform, got)
		}
	}
}

// Whoever writes back what lacks a schema may lose the attributes of that schema.
func TestAPersonWhoseAnswerLacksASchemaIsNotWrittenBack(t *testing.T) {
	t.Parallel()
	for _, urn := range []string{"urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0"} {
		s := open(t, setup{platform: service.NEO, seed: otherSeed, reply: func(r *http.Request, body []byte) []byte {
			if r.Method != http.MethodGet {
				return body
			}
			return bytes.ReplaceAll(body, []byte(`"`+urn+`"`), []byte(`"urn:else"`))
		}})
		out := s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: key("ANNA"), Language: edit("en", "de")}})[0]
		if judged(out) != "refused" || !strings.Contains(out.Err.Error(), "lacks the schema") || s.state().Users["ANNA"].PreferredLanguage != "en" {
			t.Errorf("%s: %s, %v", urn, judged(out), out.Err)
		}
	}
}

func TestNoWriteToTheSystemOwnerIsSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{{platform: service.NEO}, {noBulk: true}, {}} {
		tt.seed = otherSeed
		writes := 0
		tt.rewrite = func(r *http.Request, body []byte) []byte {
			if r.Method == http.MethodPut || r.Method == http.MethodPatch || strings.HasSuffix(r.URL.Path, "/Bulk") {
				writes++
			}
			return body
		}
		s := open(t, tt)
		owner := upstream.UserUpdate{UserKey: key("SYSOWNER"), Language: edit("en", "de")}
		for _, out := range s.UpdateUsers(t.Context(), []upstream.UserUpdate{owner}) {
			if judged(out) != "refused" || asError(t, out.Err).Code != "system-owner" || writes > 0 {
				t.Errorf("%s no Bulk %v: %s, %v after %d writes", tt.platform, tt.noBulk, judged(out), out.Err, writes)
			}
		}
	}
}

// A "_1" that the tenant made is deleted again only where it has the e-mail that was sent.
func TestADuplicateOfAnotherEmailIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := open(t, setup{platform: service.NEO, seed: otherSeed, reply: func(r *http.Request, body []byte) []byte {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Users") {
			return bytes.ReplaceAll(body, []byte("new@example.com"), []byte("else@example.com"))
		}
		return body
	}})
	u := newcomer("ANNA")
	u.Email = "new@example.com"
	out := s.CreateUsers(t.Context(), []*identity.User{u})[0]
	if _, stays := s.state().Users["ANNA_1"]; !stays || out.Err == nil {
		t.Errorf("%s: %v; state %v", judged(out), out.Err, s.state().Users)
	}
}
