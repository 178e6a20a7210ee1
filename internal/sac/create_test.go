package sac_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

const (
	bulkRoute  = "POST /api/v1/scim2/Bulk"
	configCall = "GET /api/v1/scim2/ServiceProviderConfig"
	postV2     = "POST /api/v1/scim2/Users"
	postV1     = "POST /api/v1/scim/Users"
	putV1      = "PUT /api/v1/scim/Users/{id}"
	deleteV1   = "DELETE /api/v1/scim/Users/{id}"
	patchV2    = "PATCH /api/v1/scim2/Users/{id}"
)

// newcomer is a person that nobody has seen, complete in every field.
func newcomer(id string) *identity.User {
	return &identity.User{
		UserID: id, Email: strings.ToLower(id) + "@Example.com", GivenName: "Ge", FamilyName: "Fa", DisplayName: "Di",
		Active: true, Concurrent: true, Language: "de", Manager: "SYSOWNER", Roles: []string{"PROFILE:sap.epm:BI_Admin"},
		Photos:   []string{"https://p.example.com/1.png"},
		Settings: identity.Settings{DataLanguage: "fr", DateFormat: "dd.MM.yyyy", TimeFormat: "h:mm:ss a", NumberFormat: "1.234,56", CleanUpDays: 3},
	}
}

func newcomers(prefix string, n int) []*identity.User {
	var out []*identity.User
	for i := 1; i <= n; i++ {
		u := newcomer(fmt.Sprintf("%s%04d", prefix, i))
		u.LoginID = "login-" + u.UserID
		out = append(out, u)
	}
	return out
}

func TestCreateUsersWritesEveryFieldUnderEveryMapping(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for sso, login := range map[service.SSO]string{
			service.SSODefault: "ANNA", service.SSOUserID: "ANNA", service.SSOEmail: "anna@example.com", service.SSOCustom: "emp-17",
		} {
			for _, bulk := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %s bulk %v", platform, sso, bulk), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, sso: sso, noBulk: !bulk})
					anna := newcomer("ANNA")
					anna.LoginID, anna.Email = "emp-17", "anna@Example.com"
					noErr(t, s.CreateUsers(t.Context(), []*identity.User{anna, newcomer("BERT")})...)
					got := s.state().Users["ANNA"]
					delete(got.Params, "marketingEmailOptIn")
					want := simUser{
						UserName: login, Email: "anna@example.com", GivenName: "Ge", FamilyName: "Fa", DisplayName: "Di",
						PreferredLanguage: "de", Manager: "SYSOWNER", Active: true, Roles: []string{"PROFILE:sap.epm:BI_Admin"},
						Teams: []string{}, Photos: []string{"https://p.example.com/1.png"},
						Params: map[string]any{
							"dataAccessLanguage": "fr", "dateFormatting": "dd.MM.yyyy", "timeFormatting": "h:mm:ss a", "numberFormatting": "1.234,56",
							"cleanUpNotificationsNumberOfDays": 3.0, "systemNotificationsEmailOptIn": false, "isConcurrent": true,
						},
					}
					if diff := cmp.Diff(got, want); diff != "" {
						t.Errorf("created (-got +want):\n%s", diff)
					}
				})
			}
		}
	}
}

func TestCreateUsersEstimatesItsCalls(t *testing.T) {
	t.Parallel()
	s := open(t, setup{})
	if err := s.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.find(upstream.UserQuery{UserIDs: []string{"SYSOWNER"}})
	s.calls()
	size, batches := s.Limits(0).CreateBatch, 0
	for batch := range slices.Chunk(newcomers("N", 1000), size) {
		noErr(t, s.CreateUsers(t.Context(), batch)...)
		batches++
	}
	if batches != 34 {
		t.Errorf("%d batches of %d, want 34", batches, size)
	}
	s.wantCalls(map[string]int{bulkRoute: 34})
	if n := len(s.state().Users); n != 1001 {
		t.Errorf("%d people, want 1001", n)
	}
}

func TestCreateUsersByBulkAsTheTenantOffersIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings string
		want     map[string]int
	}{
		{"the offered size", `{}`, map[string]int{configCall: 1, searchV2: 1, bulkRoute: 1}},
		{"statuses in the response", `{"bulkItemStatus":"response.status"}`, map[string]int{configCall: 1, searchV2: 1, bulkRoute: 1}},
		{"a smaller size", `{"bulkMaxOperations":10}`, map[string]int{configCall: 1, searchV2: 1, bulkRoute: 3}},
		{"a smaller payload", `{"bulkMaxPayloadSize":12000}`, map[string]int{configCall: 1, searchV2: 1, bulkRoute: 3}},
		{"creates refused in Bulk", `{"bulkCreatesUsers":false}`, map[string]int{configCall: 1, searchV2: 1, bulkRoute: 1, postV2: 30}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, setup{settings: tt.settings})
			noErr(t, s.CreateUsers(t.Context(), newcomers("N", 30))...)
			s.wantCalls(tt.want)
			if n := len(s.state().Users); n != 31 {
				t.Errorf("%d people, want 31", n)
			}
		})
	}
}

func TestCreateUsersRefusals(t *testing.T) {
	t.Parallel()
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"OTHER","email":"taken@example.com"}]}`
	role := newcomer("ANNA")
	role.Roles = []string{"PROFILE:t.A:None"}
	boss := newcomer("ANNA")
	boss.Manager = "NOBODY"
	mail := newcomer("ANNA")
	mail.Email = "Taken@example.com"
	again := newcomer("OTHER")
	again.Email = "new@example.com"
	tests := []struct {
		name    string
		user    *identity.User
		class   upstream.Class
		missing string
		words   string
	}{
		{"an unknown role is named", role, upstream.Refused, "PROFILE:t.A:None", "PROFILE:t.A:None"},
		{"an unknown manager is named", boss, upstream.Refused, "NOBODY", "NOBODY"},
		{"the owner of a taken e-mail is named", mail, upstream.Conflict, "", "OTHER"},
		{"an existing user ID with another e-mail is a conflict", again, upstream.Conflict, "", ""},
	}
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, bulk := range []bool{true, false} {
			for _, tt := range tests {
				t.Run(fmt.Sprintf("%s bulk %v %s", platform, bulk, tt.name), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, seed: seed, noBulk: !bulk})
					outs := s.CreateUsers(t.Context(), []*identity.User{tt.user, newcomer("BERT")})
					noErr(t, outs[1])
					e, ok := errors.AsType[*upstream.Error](outs[0].Err)
					if !ok {
						t.Fatalf("Err = %v", outs[0].Err)
					}
					if e.Class != tt.class || e.MissingRef != tt.missing || !strings.Contains(e.Error(), tt.words) {
						t.Errorf("class %q, missing %q, text %q", e.Class, e.MissingRef, e.Error())
					}
					if diff := cmp.Diff(keys(s.state().Users), []string{"BERT", "OTHER", "SYSOWNER"}); diff != "" {
						t.Errorf("people (-got +want):\n%s", diff)
					}
				})
			}
		}
	}
}

func TestCreateUsersLicences(t *testing.T) {
	t.Parallel()
	s := open(t, setup{settings: `{"maxLicenses":2}`})
	outs := s.CreateUsers(t.Context(), newcomers("N", 3))
	failed := 0
	for _, o := range outs {
		if o.Err != nil {
			failed++
			if !strings.Contains(o.Err.Error(), "licence") {
				t.Errorf("Err = %v", o.Err)
			}
		}
	}
	if failed != 2 {
		t.Errorf("%d failed, want 2", failed)
	}
}

func TestCreateUsersLostAnswerIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, tt := range []setup{
		{faults: `[{"match":{"method":"POST","path":"/Bulk$"},"once":true,"action":"status-after-write"}]`},
		{faults: `[{"match":{"method":"POST","path":"/scim2/Users$"},"once":true,"action":"hangup-after-write"}]`, noBulk: true},
		{faults: `[{"match":{"method":"POST","path":"/scim/Users$"},"once":true,"action":"status-after-write"}]`, platform: service.NEO},
	} {
		s := open(t, tt)
		u := newcomers("N", 2)
		outs := s.CreateUsers(t.Context(), u)
		if got := upstream.ClassOf(outs[0].Err); got != upstream.Unknown {
			t.Errorf("%s: class %q, want unknown", tt.faults, got)
		}
		if got := s.find(upstream.UserQuery{UserIDs: []string{"N0001"}}); len(got) != 1 {
			t.Errorf("%s: the create had no effect", tt.faults)
		}
	}
}

func TestCreateUsersStandInSurvivesALostAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, setup{
		platform: service.NEO, sso: service.SSOEmail,
		faults: `[{"match":{"method":"POST","path":"/scim/Users$"},"once":true,"action":"status-after-write"}]`,
	})
	anna := newcomer("ANNA")
	anna.Email = "real@example.com"
	noErr(t, s.CreateUsers(t.Context(), []*identity.User{anna})...)
	if got := s.state().Users["ANNA"]; got.Email != "real@example.com" || got.UserName != "real@example.com" {
		t.Errorf("e-mail %q, login ID %q", got.Email, got.UserName)
	}
}

func TestCreateUsersGoesOnWithItsOwnStandIn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		action, seed string
		first, again upstream.Class
	}{
		"made before a web page came":  {action: `"html"`, first: upstream.Unknown},
		"made before the tenant broke": {action: `"status","retryAfter":-1`, first: upstream.Unknown},
		"somebody else of that user ID is left alone": {
			action: `"html"`, first: upstream.Conflict, again: upstream.Conflict,
			seed: `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"ANNA","email":"ANNA@example.com","userName":"ANNA@example.com"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, setup{
				platform: service.NEO, sso: service.SSOEmail, seed: tt.seed,
				faults: `[{"match":{"method":"PUT","path":"/scim/Users/"},"once":true,"action":` + tt.action + `}]`,
			})
			anna := newcomer("ANNA")
			anna.Email = "real@example.com"
			for i, want := range []upstream.Class{tt.first, tt.again} {
				outs := s.CreateUsers(t.Context(), []*identity.User{anna})
				if got := upstream.ClassOf(outs[0].Err); got != want {
					t.Errorf("call %d: class %q (%v), want %q", i+1, got, outs[0].Err, want)
				}
			}
			email := "real@example.com"
			if tt.seed != "" {
				email = "ANNA@example.com"
			}
			if got := s.state().Users["ANNA"]; got.Email != email || len(got.Photos) == 0 && tt.seed == "" {
				t.Errorf("e-mail %q, photos %v", got.Email, got.Photos)
			}
		})
	}
}

func TestCreateUsersDeletesOnlyItsOwnDuplicate(t *testing.T) {
	t.Parallel()
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"ANNA","email":"other@example.com"},{"id":"ANNA_1","email":"real@example.com"}]}`
	s := open(t, setup{platform: service.NEO, seed: seed})
	outs := s.CreateUsers(t.Context(), []*identity.User{newcomer("ANNA")})
	if upstream.ClassOf(outs[0].Err) != upstream.Conflict || !strings.Contains(outs[0].Err.Error(), "deleted again") {
		t.Errorf("Err = %v", outs[0].Err)
	}
	if diff := cmp.Diff(keys(s.state().Users), []string{"ANNA", "ANNA_1", "SYSOWNER"}); diff != "" {
		t.Errorf("people (-got +want):\n%s", diff)
	}
}

func TestCreateUsersShowsDefaultRolesWhenReadAgain(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: `{"users":[{"id":"SYSOWNER","systemOwner":true}],"roles":["PROFILE:t.A:All"],"defaultRoles":["PROFILE:t.A:All"]}`})
	noErr(t, s.CreateUsers(t.Context(), newcomers("N", 2))...)
	got := s.find(upstream.UserQuery{UserIDs: []string{"N0001"}})["N0001"]
	if diff := cmp.Diff(got.Roles, []string{"PROFILE:sap.epm:BI_Admin", "PROFILE:t.A:All"}); diff != "" || got.Ref == "" {
		t.Errorf("Ref %q, roles (-got +want):\n%s", got.Ref, diff)
	}
	if s.Limits(0).Reread == 0 {
		t.Error("Limits.Reread is 0")
	}
}

func TestCreateUsersLearnsManagersOfABulkTogether(t *testing.T) {
	t.Parallel()
	s := open(t, setup{})
	bosses := newcomers("B", 60)
	for batch := range slices.Chunk(bosses, 30) {
		noErr(t, s.CreateUsers(t.Context(), batch)...)
	}
	s.calls()
	staff := newcomers("N", 60)
	for i, u := range staff {
		u.Manager = bosses[i].UserID
	}
	for batch := range slices.Chunk(staff, 30) {
		noErr(t, s.CreateUsers(t.Context(), batch)...)
	}
	s.wantCalls(map[string]int{searchV2: 1, bulkRoute: 2})
	if got := s.state().Users["N0060"].Manager; got != "B0060" {
		t.Errorf("manager %q", got)
	}
}
