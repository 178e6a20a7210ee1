package sac_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

func sortedStrings(seq iter.Seq[string]) []string { return slices.Sorted(seq) }

const (
	searchV2 = "POST /api/v1/scim2/Users/.search"
	listV2   = "GET /api/v1/scim2/Users"
	searchV1 = "POST /api/v1/scim/Users/.search"
	listV1   = "GET /api/v1/scim/Users"
	getV1    = "GET /api/v1/scim/Users/{id}"
)

// crowd seeds people U0001 … with e-mails in lower case.
func crowd(n int) string {
	return fmt.Sprintf(`{"users":[{"id":"SYSOWNER","systemOwner":true}],"usersRange":[{"prefix":"U","from":1,"to":%d,"pad":4,"domain":"example.com"}]}`, n)
}

func TestFindUsersTakesTheFewestCalls(t *testing.T) {
	t.Parallel()
	emails := func(list []string) []string {
		var out []string
		for _, id := range list {
			out = append(out, strings.ToLower(id)+"@example.com")
		}
		return out
	}
	tests := []struct {
		name  string
		setup setup
		ask   int
		from  int
		mails bool
		found int
		want  map[string]int
	}{
		{"ten people on CF are one search", setup{people: 2000}, 10, 1, true, 10, map[string]int{searchV2: 1}},
		{"a hundred people on CF are one search", setup{people: 2000}, 100, 1, true, 100, map[string]int{searchV2: 1}},
		{"two hundred people on CF are one search", setup{people: 2000}, 200, 1, true, 200, map[string]int{searchV2: 1}},
		{
			"a thousand of many people are a probe and five searches",
			setup{people: 4000},
			1000, 501, true, 1000,
			map[string]int{listV2: 1, searchV2: 5},
		},
		{"a thousand of whom nobody is there are one small page", setup{}, 1000, 5001, true, 0, map[string]int{listV2: 1}},
		{"batching switched off asks one by one", setup{people: 4000, noLookup: true}, 10, 501, false, 10, map[string]int{listV2: 1, searchV2: 10}},
		{
			"ten people on NEO with user IDs as login IDs are one search after the read that opens the session",
			setup{platform: service.NEO, people: 4000},
			10, 1, true, 10,
			map[string]int{listV1: 1, searchV1: 1},
		},
		{
			"five people of a large NEO tenant with free login IDs are a probe and single reads",
			setup{platform: service.NEO, sso: service.SSOCustom, people: 4000},
			5, 501, false, 5,
			map[string]int{listV1: 1, getV1: 5},
		},
		{
			"many people of a small NEO tenant are read from pages",
			setup{platform: service.NEO, sso: service.SSOEmail, people: 450},
			100, 201, false, 100,
			map[string]int{listV1: 3},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.setup.people > 0 {
				tt.setup.seed, tt.setup.people = crowd(tt.setup.people), 0
			}
			s := open(t, tt.setup)
			list := ids("U", tt.from, tt.from+tt.ask-1)
			q := upstream.UserQuery{UserIDs: list}
			if tt.mails {
				q.Emails = emails(list)
			}
			got := s.find(q)
			if len(got) != tt.found {
				t.Errorf("found %d people, want %d", len(got), tt.found)
			}
			s.wantCalls(tt.want)
		})
	}
}

func TestFindUsersSettlesNamesThatBelongTogetherInAnyOrder(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: crowd(4000)})
	list := ids("U", 1001, 2000)
	var mails []string
	for _, id := range list {
		mails = append(mails, strings.ToUpper(id)+"@EXAMPLE.com")
	}
	slices.Reverse(mails)
	got := s.find(upstream.UserQuery{UserIDs: list, Emails: mails})
	if len(got) != 1000 {
		t.Errorf("found %d people, want 1000", len(got))
	}
	if n := s.stats().Requests; n > 2+1+7 {
		t.Errorf("%d requests, want at most 10", n)
	}
}

func TestFindUsersReadsEverybody(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		t.Run(string(platform), func(t *testing.T) {
			t.Parallel()
			s := open(t, setup{platform: platform, seed: crowd(1999)})
			got := s.find(upstream.UserQuery{All: true})
			if len(got) != 2000 {
				t.Errorf("found %d people, want 2000", len(got))
			}
			if n := s.stats().Requests; n > 12 {
				t.Errorf("%d requests for 10 pages", n)
			}
		})
	}
}

func TestFindUsersReadsOnePersonWhole(t *testing.T) {
	t.Parallel()
	seed := `{"users":[
	 {"id":"BOSS","email":"boss@example.com"},
	 {"id":"ANNA","email":"anna@example.com","userName":"%s","idpUserId":"%s","givenName":"Anna","familyName":"Berg","displayName":"Anna Berg",
	  "preferredLanguage":"de","manager":"BOSS","roles":["PROFILE:t.A:Zeta","PROFILE:sap.epm:BI_Admin"],"photos":["https://p.example.com/a.png",""],
	  "created":"2024-01-01T08:00:00Z","params":{"dataAccessLanguage":"de","isConcurrent":true,"cleanUpNotificationsNumberOfDays":7}}],
	 "teams":[{"id":"Zebra","members":["ANNA"]},{"id":"Ape","members":["ANNA"]}]}`
	tests := []struct {
		platform service.Platform
		sso      service.SSO
		userName string
		idp      string
		login    string
	}{
		{service.CF, service.SSODefault, "ANNA", "anna@example.com", "ANNA"},
		{service.NEO, service.SSODefault, "ANNA", "anna@example.com", "ANNA"},
		{service.CF, service.SSOUserID, "ANNA", "ANNA", "ANNA"},
		{service.NEO, service.SSOUserID, "ANNA", "ANNA", "ANNA"},
		{service.CF, service.SSOEmail, "anna@example.com", "anna@example.com", "anna@example.com"},
		{service.NEO, service.SSOEmail, "anna@example.com", "anna@example.com", "anna@example.com"},
		{service.CF, service.SSOCustom, "emp-17", "emp-17", "emp-17"},
		{service.NEO, service.SSOCustom, "emp-17", "emp-17", "emp-17"},
	}
	for _, tt := range tests {
		t.Run(string(tt.platform)+" "+string(tt.sso), func(t *testing.T) {
			t.Parallel()
			s := open(t, setup{platform: tt.platform, sso: tt.sso, seed: fmt.Sprintf(seed, tt.userName, tt.idp)})
			got := s.find(upstream.UserQuery{UserIDs: []string{"ANNA"}})["ANNA"]
			if got == nil {
				t.Fatal("not found")
			}
			if (got.Ref == "") != (tt.platform == service.NEO) {
				t.Errorf("Ref = %q", got.Ref)
			}
			got.Ref = ""
			want := &identity.User{
				UserID: "ANNA", LoginID: tt.login, Email: "anna@example.com", GivenName: "Anna", FamilyName: "Berg", DisplayName: "Anna Berg",
				Active: true, Concurrent: true, Language: "de", Manager: "BOSS", Photos: []string{"https://p.example.com/a.png"},
				Roles: []string{"PROFILE:sap.epm:BI_Admin", "PROFILE:t.A:Zeta"}, Teams: []string{"Ape", "Zebra"},
				Settings: identity.Settings{
					DataLanguage: "de", DateFormat: "MMM d, yyyy", TimeFormat: "H:mm:ss", NumberFormat: "1,234.56", CleanUpDays: 7, NotifyByEmail: true,
				},
				Created: time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC),
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("user (-got +want):\n%s", diff)
			}
			byMail := s.find(upstream.UserQuery{Emails: []string{"ANNA@example.com"}})
			byLogin := s.find(upstream.UserQuery{LoginIDs: []string{strings.ToUpper(tt.login)}})
			if diff := cmp.Diff(append(keys(byMail), keys(byLogin)...), []string{"ANNA", "ANNA"}); diff != "" {
				t.Errorf("by e-mail and login ID (-got +want):\n%s", diff)
			}
		})
	}
}

func TestFindUsersCanBeStopped(t *testing.T) {
	t.Parallel()
	s := open(t, setup{seed: crowd(1000)})
	n := 0
	for _, err := range s.FindUsers(t.Context(), upstream.UserQuery{All: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if got := s.calls()[listV2]; got != 1 {
		t.Errorf("%d pages were read for three people", got)
	}
}

func TestRoleIDs(t *testing.T) {
	t.Parallel()
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true}],"roles":["PROFILE:t.A:Role1"]}`
	cf := open(t, setup{seed: seed})
	got, ok, err := cf.RoleIDs(t.Context())
	if err != nil || !ok || !slices.Contains(got, "PROFILE:t.A:Role1") || !slices.IsSorted(got) {
		t.Errorf("RoleIDs on CF = %v, %v, %v", got, ok, err)
	}
	neo := open(t, setup{seed: seed, platform: service.NEO})
	if got, ok, err := neo.RoleIDs(t.Context()); ok || err != nil || len(got) > 0 {
		t.Errorf("RoleIDs on NEO = %v, %v, %v", got, ok, err)
	}
}
