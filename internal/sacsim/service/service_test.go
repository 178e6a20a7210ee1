package service_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim/service"
)

const (
	v1 = "/api/v1/scim"
	v2 = "/api/v1/scim2"

	coreUser  = "urn:ietf:params:scim:schemas:core:2.0:User"
	coreGroup = "urn:ietf:params:scim:schemas:core:2.0:Group"
	entUser   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	entV1     = "urn:scim:schemas:extension:enterprise:1.0"
	parV1     = "urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0"
	parV2     = "urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"
	groupExt  = "urn:sap:params:scim:schemas:extension:sac:2.0:group-custom-parameters"
	patchURN  = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	bulkURN   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
)

type doc = map[string]any

// tenant drives a Service as the server around it would.
type tenant struct {
	t    *testing.T
	svc  *service.Service
	call *service.Call // of the last request
}

func newTenant(t *testing.T, cfg service.Config, seed string) *tenant {
	t.Helper()
	parsed, err := service.ParseSeed(strings.NewReader(seed))
	if err != nil {
		t.Fatalf("ParseSeed: %v", err)
	}
	return started(t, cfg, parsed)
}

func started(t *testing.T, cfg service.Config, seed service.Seed) *tenant {
	t.Helper()
	if cfg.Namespace == "" {
		cfg.Namespace = "t.A"
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cfg.Now = func() time.Time { return now }
	svc, err := service.New(cfg, seed)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return &tenant{t: t, svc: svc}
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	text   string
	json   doc
}

// do sends a request; headers are "Name: value".
func (x *tenant) do(method, path string, body any, headers ...string) answer {
	x.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	default:
		var err error
		if raw, err = json.Marshal(b); err != nil {
			x.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(raw))
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	x.call = &service.Call{Actor: "client"}
	w := httptest.NewRecorder()
	x.svc.ServeHTTP(w, r.WithContext(service.WithCall(x.t.Context(), x.call)))
	out := answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.HasPrefix(strings.TrimSpace(out.text), "{") {
		if err := json.Unmarshal([]byte(out.text), &out.json); err != nil {
			x.t.Fatalf("%s %s: %v in %s", method, path, err, out.text)
		}
	}
	return out
}

// want sends a request and fails unless the status is as wanted.
func (x *tenant) want(status int, method, path string, body any, headers ...string) answer {
	x.t.Helper()
	out := x.do(method, path, body, headers...)
	if out.status != status {
		x.t.Fatalf("%s %s: got status %d, want %d: %.400s", method, path, out.status, status, out.text)
	}
	return out
}

// uuid finds a user's v2 id.
func (x *tenant) uuid(id string) string {
	x.t.Helper()
	a := x.want(200, "POST", v2+"/Users/.search", doc{"filter": fmt.Sprintf("userName eq %q", id)})
	return only(x.t, a)["id"].(string)
}

// teamUUID finds a team's v2 id.
func (x *tenant) teamUUID(name string) string {
	x.t.Helper()
	a := x.want(200, "POST", v2+"/Groups/.search", doc{"filter": fmt.Sprintf("displayName eq %q", name)})
	return only(x.t, a)["id"].(string)
}

func rows(a answer) []doc {
	var out []doc
	list, _ := a.json["Resources"].([]any)
	for _, r := range list {
		out = append(out, r.(doc))
	}
	return out
}

func only(t *testing.T, a answer) doc {
	t.Helper()
	got := rows(a)
	if len(got) != 1 {
		t.Fatalf("got %d resources, want 1: %.400s", len(got), a.text)
	}
	return got[0]
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// userBody is what script 1101 posts.
func userBody(userName, email string, roles ...string) doc {
	return doc{
		"schemas": []string{coreUser, entUser, parV1}, "userName": userName, "active": true,
		"name": doc{"givenName": "G", "familyName": "F"}, "displayName": "G F",
		"emails": []doc{{"value": email, "type": "work", "primary": true}}, "roles": roles,
		parV1: doc{"isConcurrent": false, "dataAccessLanguage": "en"}, entV1: doc{"manager": doc{"managerId": ""}},
	}
}

func patch(ops ...doc) doc { return doc{"schemas": []string{patchURN}, "Operations": ops} }

func state(t *testing.T, x *tenant) map[string]map[string]doc {
	t.Helper()
	var b bytes.Buffer
	if err := x.svc.WriteState(&b); err != nil {
		t.Fatal(err)
	}
	var out struct {
		Users, Teams map[string]doc
	}
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return map[string]map[string]doc{"users": out.Users, "teams": out.Teams}
}

const designSeed = `{"users":[{"id":"MATTHEW1","userName":"MATTHEW1","email":"m1@example.test","givenName":"M","familyName":"One","displayName":"M One","preferredLanguage":"en",
           "active":true,"manager":"","roles":["PROFILE:sap.epm:BI_Admin"],"systemOwner":false,"photos":[],"externalId":"","created":"2024-01-01T08:00:00Z",
           "params":{"dataAccessLanguage":"en","dateFormatting":"MMM d, yyyy","timeFormatting":"H:mm:ss","numberFormatting":"1,234.56",
                     "cleanUpNotificationsNumberOfDays":0,"systemNotificationsEmailOptIn":true,"isConcurrent":false}}],
 "teams":[{"id":"Team1","displayName":"Team 1","namespace":"t.A","roles":[],"members":["MATTHEW1"],"membersRange":[{"prefix":"U","from":1,"to":72,"pad":3}],"folder":false}],
 "usersRange":[{"prefix":"U","from":1,"to":1000,"pad":3,"domain":"example.com","givenName":"User","user":{"roles":[]}}],
 "roles":["PROFILE:t.A:Role1"], "defaultRoles":[], "folders":[],
 "settings":{"ignoreContentNamespaceForTeams":true,"maxLicenses":null}, "activities":[{"user":"MATTHEW1","activity":"Login","daysAgo":3}], "repository":[{"createdBy":"MATTHEW1","ancestorPath":["Users","MATTHEW1 Private"]}]}`

func TestDesignSeedLoadsAndShowsItsState(t *testing.T) {
	t.Parallel()
	x := newTenant(t, service.Config{}, designSeed)
	s := state(t, x)
	same(t, "users", len(s["users"]), 1001)
	same(t, "members", len(s["teams"]["Team1"]["members"].([]any)), 73)
	same(t, "a user of the range", s["users"]["U001"], doc{
		"userName": "U001", "email": "u001@example.com", "givenName": "User", "familyName": "U001",
		"displayName": "User U001", "preferredLanguage": "en", "active": true, "manager": "", "roles": []any{},
		"teams": []any{"Team1"}, "photos": []any{}, "params": s["users"]["MATTHEW1"]["params"],
	})
}
