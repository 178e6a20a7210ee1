package service_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"sacbridge/internal/sacsim/service"
)

func TestABrokenSeedNamesThePlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"users":[{"id":"A"},{"id":"B","manager":"X"}]}`:                         `users[1].manager: "X" is not a user`,
		`{"users":[{"id":"A"},{"id":"A"}]}`:                                       `users[1].id: "A" is there twice`,
		`{"users":[{"userName":"A"}]}`:                                            `users[0].id is missing`,
		`{"users":[{"id":"A","shoe":1}]}`:                                         `users[0]: unknown field "shoe"`,
		`{"users":[{"id":"A","roles":["Admin"]}]}`:                                `users[0].roles[0]: "Admin" does not have the form PROFILE:<namespace>:<name>`,
		`{"users":[{"id":"A","params":{"isConcurrent":"no"}}]}`:                   `users[0].params: cannot unmarshal`,
		`{"users":[{"id":"A","email":"a"}]}`:                                      `users[0].email: "a" is not an e-mail address`,
		`{"users":[{"id":"A","systemOwner":true},{"id":"B","systemOwner":true}]}`: `users[1].systemOwner: "A" is the System Owner already`,
		`{"teams":[{"id":"T","members":["A"]}]}`:                                  `teams[0].members[0]: "A" is not a user`,
		`{"teams":[{"id":"T"},{"id":"T"}]}`:                                       `teams[1].id: "T" is there twice`,
		`{"teams":[{"id":"T","membersRange":[{"prefix":"U","from":2,"to":1}]}]}`:  `teams[0].membersRange[0]: range 2 to 1 with pad 0 is not possible`,
		`{"usersRange":[{"prefix":"U","from":1,"to":2,"user":{"shoe":1}}]}`:       `usersRange[0].user: unknown field "shoe"`,
		`{"usersRange":[{"prefix":"U","from":1,"to":2,"user":{"manager":"X"}}]}`:  `usersRange[0].manager: "X" is not a user`,
		`{"roles":["x"]}`:                `roles[0]: "x" does not have`,
		`{"settings":{"stateles":true}}`: `settings: unknown setting "stateles"`,
		`{"settings":{"stateless":1}}`:   `settings: setting "stateless" must be true or false`,
		`{"shoe":1}`:                     `seed: unknown field "shoe"`,
		`{} {}`:                          `seed: text after the JSON value`,
		`{"activities":[{"user":"A","daysAgo":3}]}`: `activities[0]: an activity`,
	} {
		_, err := service.ParseSeed(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	for name, cfg := range map[string]service.Config{"platform": {Platform: "x"}, "sso": {SSO: "x"}} {
		if _, err := service.New(cfg, service.Seed{}); err == nil {
			t.Errorf("an unknown %s is accepted", name)
		}
	}
	seed, err := service.ParseSeed(strings.NewReader(`{"teams":[{"id":"T"},{"id":"t","namespace":"t.A"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.New(service.Config{Namespace: "t.A"}, seed); err == nil {
		t.Error("two teams of one name in the tenant's namespace are accepted")
	}
}

func TestSeedsHaveTheirDefaults(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, `{"users":[{"id":"M1","params":{"isConcurrent":true}}],"teams":[{"id":"T"}]}`)
	s := state(t, x)
	same(t, "user", s["users"]["M1"], doc{
		"userName": "M1", "email": "m1@example.com", "givenName": "", "familyName": "M1", "displayName": "M1",
		"preferredLanguage": "en", "active": true, "manager": "", "roles": []any{}, "teams": []any{}, "photos": []any{},
		"params": doc{
			"dataAccessLanguage": "en", "dateFormatting": "MMM d, yyyy", "timeFormatting": "H:mm:ss", "numberFormatting": "1,234.56",
			"cleanUpNotificationsNumberOfDays": 0.0, "systemNotificationsEmailOptIn": true, "isConcurrent": true,
		},
	})
	same(t, "team", s["teams"]["T"], doc{"displayName": "T", "members": []any{}, "roles": []any{}})
	same(t, "created", read(x, "M1")["meta"].(doc)["created"], any("2024-01-01T08:00:00Z"))
	mail := newTenant(t, service.Config{SSO: service.SSOEmail}, `{"users":[{"id":"M1","email":"M1@X.test"}]}`)
	same(t, "login under email", read(mail, "M1")["userName"], any("m1@x.test"))
}

func TestFillersShowOnceTheyAreChangedOrInATeam(t *testing.T) {
	t.Parallel()
	seed, err := service.ParseSeed(strings.NewReader(`{"users":[{"id":"A"}],"teams":[{"id":"T"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	x := started(t, service.Config{}, seed.Fill(1000, 1))
	same(t, "all", x.want(200, "GET", v1+"/Users?count=1", nil).json["totalResults"], any(1000.0))
	same(t, "before", len(state(t, x)["users"]), 1)
	x.want(200, "PUT", v1+"/Users/FILLER000007", edited(read(x, "FILLER000007"), func(u doc) { u["active"] = false }))
	x.want(200, "PUT", v1+"/Groups/T", doc{"members": members("FILLER000002"), "roles": nil})
	same(t, "after", len(state(t, x)["users"]), 3)
	x.want(200, "PUT", v1+"/Groups/T", doc{"members": members(), "roles": nil})
	same(t, "left again", len(state(t, x)["users"]), 2)
	y := started(t, service.Config{}, seed.Fill(101, 11))
	same(t, "shared", len(team(y, "FILLTEAM0010")["members"].([]any)), 10)
}

func TestUUIDsAreStablePerTenantAndNeverShared(t *testing.T) {
	t.Parallel()
	uuids := func(cfg service.Config) []string {
		return ids(newTenant(t, cfg, rangeSeed(50)).want(200, "GET", v2+"/Users", nil), "id")
	}
	a, again, b := uuids(service.Config{Name: "a"}), uuids(service.Config{Name: "a"}), uuids(service.Config{Name: "b"})
	same(t, "again", again, a)
	seen := map[string]bool{}
	for _, id := range append(a, b...) {
		if seen[id] || len(id) != 36 {
			t.Fatalf("%s is shared or no UUID", id)
		}
		seen[id] = true
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, threeUsers)
	x.want(413, "POST", v1+"/Users", strings.Repeat(" ", 33<<20))
	for _, bad := range []string{``, `[]`, `null`, `{`, `{}{}`, `{"a":` + strings.Repeat("[", 100000)} {
		x.want(400, "POST", v1+"/Users", bad)
	}
	a := x.want(400, "POST", v2+"/Users", `{`)
	same(t, "shape", a.json["schemas"], any([]any{"urn:ietf:params:scim:api:messages:2.0:Error"}))
}

// largeSeed is the tenant of SAP's performance page: 80,000 users, one team of 28,450 members and
// eight of 10,000.
func largeSeed() string {
	teams := []string{`{"id":"Big","membersRange":[{"prefix":"U","from":1,"to":28450,"pad":5}]}`}
	for i := range 8 {
		teams = append(teams, fmt.Sprintf(`{"id":"T%d","membersRange":[{"prefix":"U","from":%d,"to":%d,"pad":5}]}`, i, i*9000+1, i*9000+10000))
	}
	return `{"usersRange":[{"prefix":"U","from":1,"to":80000,"pad":5}],"teams":[` + strings.Join(teams, ",") + `]}`
}

func TestALargeTenantWorks(t *testing.T) {
	x := newTenant(t, service.Config{}, largeSeed())
	last := x.want(200, "GET", v1+"/Users?startIndex=79801&count=200", nil)
	same(t, "last page", ids(last, "id")[199], "U80000")
	same(t, "scan", get(x, v1+"/Users", `email Ew "9@example.com"`).json["totalResults"], any(8000.0))
	body := team(x, "Big")
	x.want(200, "PUT", v1+"/Groups/Big", doc{"displayName": "Big", "roles": nil, "members": body["members"].([]any)[4000:]})
	same(t, "changes", []int{x.call.Work.TeamSize, x.call.Work.MemberChanges}, []int{28450, 4000})
}

func BenchmarkLargeTenant(b *testing.B) {
	seed, err := service.ParseSeed(strings.NewReader(largeSeed()))
	if err != nil {
		b.Fatal(err)
	}
	svc, err := service.New(service.Config{}, seed)
	if err != nil {
		b.Fatal(err)
	}
	var terms []string
	for i := 1; i <= 600; i++ {
		terms = append(terms, fmt.Sprintf(`userName eq \"U%05d\"`, i*100))
	}
	for name, c := range map[string]struct{ method, path, body string }{
		"first page": {"GET", v1 + "/Users?count=200", ""},
		"last page":  {"GET", v1 + "/Users?count=200&startIndex=79801", ""},
		"600 terms":  {"POST", v2 + "/Users/.search", `{"count":200,"filter":"` + strings.Join(terms, " or ") + `"}`},
		"scan":       {"GET", v1 + "/Users?count=1&filter=email+ew+%229@example.com%22", ""},
		"big team":   {"GET", v1 + "/Groups/Big", ""},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w := httptest.NewRecorder()
				svc.ServeHTTP(w, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body)))
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body.String())
				}
			}
		})
	}
	b.Run("state", func(b *testing.B) {
		for b.Loop() {
			if err := svc.WriteState(io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestManyClientsAtOnceKeepTheStateWhole(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, rangeSeed(50))
	team := x.want(201, "POST", v2+"/Groups", doc{"displayName": "T"}).json["id"].(string)
	all := ids(x.want(200, "GET", v2+"/Users", nil), "id")
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			y := &tenant{t: t, svc: x.svc}
			for i := w; i < 48; i += 8 {
				y.want(200, "PATCH", v2+"/Groups/"+team, patch(doc{"op": "add", "path": "members", "value": []doc{{"value": all[i]}}}))
				y.want(200, "GET", v1+"/Users?filter=email+co+%22u%22", nil)
				y.want(200, "PATCH", v2+"/Users/"+all[i], patch(doc{"op": "replace", "path": "active", "value": false}))
				y.want(200, "GET", v2+"/Groups/"+team, nil)
			}
		})
	}
	wg.Wait()
	same(t, "members", len(state(t, x)["teams"]["T"]["members"].([]any)), 48)
}
