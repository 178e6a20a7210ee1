package sac_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

const twoSeed = `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"BOSS"},
 {"id":"ANNA","email":"anna@example.com","manager":"BOSS","roles":["PROFILE:t.A:Zeta","PROFILE:sap.epm:BI_Admin","PROFILE:t.A:Alpha"],"photos":["https://p.example.com/a.png"]},
 {"id":"BERT","email":"bert@example.com"}],"teams":[{"id":"T","members":["ANNA"]}]}`

var (
	annasRoles  = []string{"PROFILE:sap.epm:BI_Admin", "PROFILE:t.A:Alpha", "PROFILE:t.A:Zeta"}
	annasPhotos = []string{"https://p.example.com/a.png"}
)

func edit[T any](before, after T) *upstream.Edit[T] {
	return &upstream.Edit[T]{Before: before, After: after}
}

func key(id string) upstream.UserKey { return upstream.UserKey{UserID: id} }

func TestUpdateUsersChangesWhatIsNamedAndNothingElse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		update upstream.UserUpdate
		want   func(*simUser)
	}{
		{"e-mail", upstream.UserUpdate{Email: edit("anna@example.com", "New@example.com")}, func(u *simUser) { u.Email = "new@example.com" }},
		{"active", upstream.UserUpdate{Active: edit(true, false)}, func(u *simUser) { u.Active = false }},
		{"licence type", upstream.UserUpdate{Concurrent: edit(false, true)}, func(u *simUser) { u.Params["isConcurrent"] = true }},
		{"language", upstream.UserUpdate{Language: edit("en", "de")}, func(u *simUser) { u.PreferredLanguage = "de" }},
		{"manager", upstream.UserUpdate{Manager: edit("BOSS", "BERT")}, func(u *simUser) { u.Manager = "BERT" }},
		{"no manager", upstream.UserUpdate{Manager: edit("BOSS", "")}, func(u *simUser) { u.Manager = "" }},
		{"photos", upstream.UserUpdate{Photos: edit(annasPhotos, []string{"https://p.example.com/b.png"})}, func(u *simUser) { u.Photos = []string{"https://p.example.com/b.png"} }},
		{"no photos", upstream.UserUpdate{Photos: edit(annasPhotos, nil)}, func(u *simUser) { u.Photos = []string{} }},
		{"roles", upstream.UserUpdate{AddRoles: []string{"PROFILE:sap.epm:Viewer"}, RemoveRoles: annasRoles, RolesBefore: annasRoles}, func(u *simUser) { u.Roles = []string{"PROFILE:sap.epm:Viewer"} }},
		{"no roles", upstream.UserUpdate{RemoveRoles: annasRoles, RolesBefore: annasRoles}, func(u *simUser) { u.Roles = []string{} }},
		{"settings", upstream.UserUpdate{
			DataLanguage: edit("en", "fr"), DateFormat: edit("MMM d, yyyy", "dd.MM.yyyy"), TimeFormat: edit("H:mm:ss", "h:mm:ss a"),
			NumberFormat: edit("1,234.56", "1.234,56"), CleanUpDays: edit(0, 9), NotifyByEmail: edit(true, false),
		}, func(u *simUser) {
			u.Params["dataAccessLanguage"], u.Params["dateFormatting"] = "fr", "dd.MM.yyyy"
			u.Params["timeFormatting"], u.Params["numberFormatting"] = "h:mm:ss a", "1.234,56"
			u.Params["cleanUpNotificationsNumberOfDays"], u.Params["systemNotificationsEmailOptIn"] = 9.0, false
		}},
	}
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, bulk := range []bool{true, false} {
			for _, tt := range tests {
				t.Run(fmt.Sprintf("%s bulk %v %s", platform, bulk, tt.name), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, seed: twoSeed, noBulk: !bulk})
					before := s.state().Users["ANNA"]
					update := tt.update
					update.UserKey = key("ANNA")
					outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{update, {UserKey: key("BERT"), Language: edit("en", "fr")}})
					noErr(t, outs...)
					if len(outs[0].Warnings) > 0 {
						t.Errorf("warnings: %q", outs[0].Warnings)
					}
					tt.want(&before)
					if diff := cmp.Diff(s.state().Users["ANNA"], before); diff != "" {
						t.Errorf("ANNA (-got +want):\n%s", diff)
					}
				})
			}
		}
	}
}

func TestUpdateUsersLoginIDFollowsTheMapping(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		annasLogin := map[service.SSO]string{service.SSODefault: "ANNA", service.SSOUserID: "ANNA", service.SSOEmail: "anna@example.com", service.SSOCustom: "ANNA"}
		for sso, want := range map[service.SSO]string{
			service.SSODefault: "ANNA", service.SSOUserID: "ANNA", service.SSOEmail: "new@example.com", service.SSOCustom: "emp-17",
		} {
			t.Run(string(platform)+" "+string(sso), func(t *testing.T) {
				t.Parallel()
				s := open(t, setup{platform: platform, sso: sso, seed: twoSeed})
				outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: key("ANNA"), Email: edit("anna@example.com", "new@example.com"), LoginID: edit(annasLogin[sso], "emp-17")}})
				noErr(t, outs...)
				if got := s.state().Users["ANNA"]; got.UserName != want || got.Email != "new@example.com" {
					t.Errorf("login ID %q, e-mail %q, want %q", got.UserName, got.Email, want)
				}
				if told := slices.Equal(undone(outs[0]), []string{"attribute loginId ignored"}); told != (want == "ANNA") {
					t.Errorf("undone: %v", outs[0].Undone)
				}
			})
		}
	}
}

func TestUpdateUsersTellsWhatTheTenantIgnores(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{
		{sso: service.SSOCustom, settings: `{"emailMapped":true}`},
		{sso: service.SSOCustom, settings: `{"emailMapped":true}`, noBulk: true},
		{sso: service.SSOCustom, settings: `{"emailMapped":true}`, platform: service.NEO},
		{settings: `{"ignoreActiveV1":true}`, platform: service.NEO},
	} {
		tt.seed = twoSeed
		s := open(t, tt)
		u := upstream.UserUpdate{UserKey: key("ANNA"), Email: edit("anna@example.com", "new@example.com"), Active: edit(true, false)}
		outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{u, {UserKey: key("BERT"), Language: edit("en", "fr")}})
		noErr(t, outs...)
		if len(outs[0].Undone) != 1 || outs[0].Undone[0].Code != upstream.Ignored || !strings.Contains(outs[0].Undone[0].Cause, "left") {
			t.Errorf("%+v: undone %v", tt, outs[0].Undone)
		}
		if _, learnt := s.Facts().Ignored[outs[0].Undone[0].Key]; !learnt {
			t.Errorf("%+v: facts %v", tt, s.Facts())
		}
	}
}

func TestUpdateUsersRepairsAnInconsistentPersonOnce(t *testing.T) {
	t.Parallel()
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"BERT"},
	 {"id":"ANNA","email":"Anna@Example.com","idpUserId":"anna@example.com","roles":["PROFILE:t.A:Zeta","PROFILE:t.A:Alpha"]}]}`
	for _, noBulk := range []bool{true, false} {
		s := open(t, setup{seed: seed, noBulk: noBulk})
		before := s.state().Users["ANNA"]
		outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: key("ANNA"), Active: edit(true, false)}, {UserKey: key("BERT"), Language: edit("en", "de")}})
		noErr(t, outs...)
		if len(outs[0].Warnings) != 1 {
			t.Errorf("warnings: %q", outs[0].Warnings)
		}
		before.Active, before.Email = false, "anna@example.com"
		if diff := cmp.Diff(s.state().Users["ANNA"], before); diff != "" {
			t.Errorf("ANNA (-got +want):\n%s", diff)
		}
	}
}

func TestUpdateUsersRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		update  upstream.UserUpdate
		class   upstream.Class
		missing string
		words   string
	}{
		{"the System Owner", upstream.UserUpdate{UserKey: key("SYSOWNER"), Language: edit("en", "de")}, upstream.Refused, "", "System Owner"},
		{"an unknown role", upstream.UserUpdate{UserKey: key("ANNA"), AddRoles: []string{"PROFILE:t.A:None"}, RolesBefore: annasRoles}, upstream.Refused, "PROFILE:t.A:None", "None"},
		{"an unknown manager", upstream.UserUpdate{UserKey: key("ANNA"), Manager: edit("BOSS", "NOBODY")}, upstream.Refused, "NOBODY", "NOBODY"},
		{"a taken e-mail", upstream.UserUpdate{UserKey: key("ANNA"), Email: edit("anna@example.com", "BERT@example.com")}, upstream.Conflict, "", "BERT"},
		{"nobody", upstream.UserUpdate{UserKey: key("NOBODY"), Language: edit("en", "de")}, upstream.Gone, "", "NOBODY"},
	}
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, bulk := range []bool{true, false} {
			for _, tt := range tests {
				t.Run(fmt.Sprintf("%s bulk %v %s", platform, bulk, tt.name), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, seed: twoSeed, noBulk: !bulk})
					outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{tt.update, {UserKey: key("BERT"), Language: edit("en", "fr")}})
					noErr(t, outs[1])
					e, ok := errors.AsType[*upstream.Error](outs[0].Err)
					if !ok {
						t.Fatalf("Err = %v", outs[0].Err)
					}
					if e.Class != tt.class || e.MissingRef != tt.missing || !strings.Contains(e.Error(), tt.words) {
						t.Errorf("class %q, missing %q, text %q", e.Class, e.MissingRef, e.Error())
					}
				})
			}
		}
	}
}

func TestUpdateUsersLicences(t *testing.T) {
	t.Parallel()
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"ANNA","active":false},{"id":"BERT","active":false}],"settings":{"maxLicenses":2}}`
	for _, noBulk := range []bool{true, false} {
		s := open(t, setup{seed: seed, noBulk: noBulk})
		outs := s.UpdateUsers(t.Context(), []upstream.UserUpdate{{UserKey: key("ANNA"), Active: edit(false, true)}, {UserKey: key("BERT"), Active: edit(false, true)}})
		failed := slices.DeleteFunc(outs, func(o upstream.Outcome) bool { return o.Err == nil })
		if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), "licence") {
			t.Errorf("failed: %v", failed)
		}
	}
}

func TestUpdateUsersPrices(t *testing.T) {
	t.Parallel()
	cf := open(t, setup{seed: crowd(30)})
	var updates []upstream.UserUpdate
	for _, id := range ids("U", 1, 30) {
		updates = append(updates, upstream.UserUpdate{UserKey: key(id), Language: edit("en", "de")})
	}
	noErr(t, cf.UpdateUsers(t.Context(), updates)...)
	cf.wantCalls(map[string]int{searchV2: 2, configCall: 1, bulkRoute: 1})
	updates[0].Language = edit("de", "fr")
	noErr(t, cf.UpdateUsers(t.Context(), updates[:1])...)
	cf.wantCalls(map[string]int{searchV2: 1, patchV2: 1})
	neo := open(t, setup{platform: service.NEO, seed: crowd(30)})
	noErr(t, neo.UpdateUsers(t.Context(), updates[1:2])...)
	neo.wantCalls(map[string]int{getV1: 1, putV1: 1})
}

func TestDeleteUsers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s    setup
		want map[string]int
	}{
		{setup{}, map[string]int{searchV2: 1, configCall: 1, bulkRoute: 1}},
		{setup{noBulk: true}, map[string]int{getV1: 3, deleteV1: 2}}, // each read right before
		{setup{platform: service.NEO}, map[string]int{getV1: 3, deleteV1: 2}},
	} {
		tt.s.seed = twoSeed
		s := open(t, tt.s)
		outs := s.DeleteUsers(t.Context(), []upstream.UserKey{key("ANNA"), key("NOBODY"), key("SYSOWNER")})
		noErr(t, outs[0], outs[1])
		_ = outs[2] // whether the owner can be deleted is the tenant's affair
		if _, there := s.state().Users["ANNA"]; there {
			t.Errorf("%+v: ANNA is still there", tt.s)
		}
		got := s.calls()
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("calls (-got +want):\n%s", diff)
		}
		managed := open(t, setup{platform: tt.s.platform, noBulk: tt.s.noBulk, seed: twoSeed})
		outs = managed.DeleteUsers(t.Context(), []upstream.UserKey{key("BOSS"), key("BERT")})
		noErr(t, outs[1])
		if outs[0].Err == nil || !strings.Contains(outs[0].Err.Error(), "manager") {
			t.Errorf("%+v: Err = %v", tt.s, outs[0].Err)
		}
	}
}

func TestBulkTailAndTimedOutItems(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: crowd(30), settings: `{"maxLicenses":1}`})
	var updates []upstream.UserUpdate
	for _, id := range ids("U", 1, 30) {
		updates = append(updates, upstream.UserUpdate{UserKey: key(id), Language: edit("en", "de")})
	}
	updates[4].AddRoles = []string{"PROFILE:t.A:None"}
	outs := s.UpdateUsers(t.Context(), updates)
	for i, o := range outs {
		if (o.Err != nil) != (i == 4) {
			t.Errorf("item %d: %v", i, o.Err)
		}
	}
	s.wantCalls(map[string]int{searchV2: 2, configCall: 1, bulkRoute: 1})
}
