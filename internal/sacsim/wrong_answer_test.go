package sacsim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// u1Patch deactivates whom it is sent to.
const u1Patch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`

func TestAWrongAnswerStandsInThePlaceOfTheTrueOne(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"wrong-answer", "wrong-answer-after-write"} {
		for kind, check := range map[string]func(own string, body map[string]any) bool{
			"error":  func(_ string, b map[string]any) bool { return len(b) == 1 && b["error"] != nil },
			"empty":  func(_ string, b map[string]any) bool { return len(b) == 0 },
			"list":   func(_ string, b map[string]any) bool { return b["totalResults"] == 4.0 },
			"other":  func(own string, b map[string]any) bool { return b["userName"] == "OWNER" && b["id"] != own },
			"before": func(own string, b map[string]any) bool { return b["id"] == own && b["active"] == true },
		} {
			t.Run(action+" "+kind, func(t *testing.T) {
				t.Parallel()
				c := login(t, newServer(t, sacsim.Options{}, ""))
				id := uuids(c, "U1")[0]
				c.control("/__faults", `[{"match":{"method":"PATCH","body":"active"},"action":"`+action+`","answer":"`+kind+`"}]`)
				got := c.call(http.MethodPatch, "/api/v1/scim2/Users/"+id, u1Patch)
				wantStatus(t, got, http.StatusOK)
				if !check(id, got.json(t)) {
					t.Errorf("answer %s", got.body)
				}
				c.control("/__faults", `[]`)
				active := c.call(http.MethodGet, "/api/v1/scim2/Users/"+id, "").json(t)["active"]
				if want := action == "wrong-answer"; active != want {
					t.Errorf("active is %v afterwards, want %v", active, want)
				}
			})
		}
	}
}

func TestAWrongAnswerMayBeNoObject(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{Faults: faultsOf(t, `[
		{"match":{"path":"Users$","body":"\"NEW1\""},"action":"wrong-answer-after-write","answer":"array","status":201},
		{"match":{"path":"Users$"},"action":"wrong-answer","answer":"none"}]`)}, ""))
	got := c.call(http.MethodPost, "/api/v1/scim/Users", newUser("NEW1"))
	if got.status != http.StatusCreated || strings.TrimSpace(got.body) != "[]" {
		t.Errorf("array: %d %q", got.status, got.body)
	}
	if got = c.call(http.MethodPost, "/api/v1/scim/Users", newUser("NEW2")); got.status != http.StatusOK || got.body != "" {
		t.Errorf("none: %d %q", got.status, got.body)
	}
	wantStatus(t, c.call(http.MethodGet, "/api/v1/scim/Users/NEW1", ""), http.StatusOK)
	wantStatus(t, c.call(http.MethodGet, "/api/v1/scim/Users/NEW2", ""), http.StatusNotFound)
}

func TestAWriteMayTakeEffectAndBeRefused(t *testing.T) {
	t.Parallel()
	for status, says := range map[string]string{
		"401": "unauthorized", "403": "Forbidden", "409": "exists already", "429": "Too Many Requests", "502": "Bad Gateway",
	} {
		c := login(t, newServer(t, sacsim.Options{Faults: faultsOf(t, `[{"match":{"method":"POST","path":"Users$"},"action":"status-after-write","status":`+status+`}]`)}, ""))
		got := c.call(http.MethodPost, "/api/v1/scim/Users", newUser("NEW"))
		if !strings.Contains(got.body, says) {
			t.Errorf("%s: %d %s", status, got.status, got.body)
		}
		c.call(http.MethodPost, "/api/v1/scim/Users", newUser("NEW"))
		if repeated, blind := len(c.stats().Violations) > 0, status == "502"; repeated != blind {
			t.Errorf("%s: a repeat that is a violation: %t, want %t", status, repeated, blind)
		}
		wantStatus(t, c.call(http.MethodGet, "/api/v1/scim/Users/NEW", ""), http.StatusOK)
	}
}

func TestItemsOfABulkRequestGetAnotherStatus(t *testing.T) {
	t.Parallel()
	for action, gone := range map[string][]int{"item-status": {200, 404}, "item-status-after-write": {404, 404}} {
		c := login(t, newServer(t, sacsim.Options{}, ""))
		ids := uuids(c, "U2", "U3")
		c.control("/__faults", `[{"action":"`+action+`","status":429,"items":[1]}]`)
		got := c.call(http.MethodPost, "/api/v1/scim2/Bulk", deletes(0, ids...))
		var items struct {
			Operations []struct {
				Status string `json:"status"`
			} `json:"Operations"`
		}
		if err := json.Unmarshal([]byte(got.body), &items); err != nil || len(items.Operations) != 2 {
			t.Fatalf("%s: %v %s", action, err, got.body)
		}
		if items.Operations[0].Status != "429" || items.Operations[1].Status != "204" {
			t.Errorf("%s: %s", action, got.body)
		}
		c.control("/__faults", `[]`)
		var after []int
		for _, id := range []string{"U2", "U3"} {
			after = append(after, c.call(http.MethodGet, "/api/v1/scim/Users/"+id, "").status)
		}
		if diff := cmp.Diff(after, gone); diff != "" {
			t.Errorf("%s: reads afterwards (-got +want):\n%s", action, diff)
		}
	}
}

func TestARuleOnItemsSparesOtherRequests(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{Faults: faultsOf(t, `[{"once":true,"action":"item-status","status":200}]`)}, ""))
	wantStatus(t, c.call(http.MethodDelete, "/api/v1/scim/Users/U3", ""), http.StatusNoContent)
	wantStatus(t, c.call(http.MethodPost, "/api/v1/scim2/Bulk", deletes(0, uuids(c, "U2")...)), http.StatusOK)
	wantStatus(t, c.call(http.MethodGet, "/api/v1/scim/Users/U2", ""), http.StatusOK)
	if fired := c.stats().FaultsFired; len(fired) != 1 || fired[0].Path != "/api/v1/scim2/Bulk" {
		t.Errorf("fired: %v", fired)
	}
}

func TestTheDateIsTheTenantsClock(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	for _, skew := range []time.Duration{0, 90 * time.Minute, -time.Hour} {
		c.control("/__settings", `{"clockSkewSeconds":`+jsonOf(t, skew.Seconds())+`}`)
		before := time.Now().Add(skew).Truncate(time.Second)
		got := c.call(http.MethodGet, "/api/v1/scim/Users/U1", "")
		date, err := http.ParseTime(got.header.Get("Date"))
		if late := date.Sub(before); err != nil || late < 0 || late > time.Minute {
			t.Errorf("skew %s: date %q is off by %s, %v", skew, got.header.Get("Date"), late, err)
		}
	}
	c.call(http.MethodPost, "/api/v1/scim/Users", newUser("NEW"))
	meta, _ := c.call(http.MethodGet, "/api/v1/scim/Users/NEW", "").json(t)["meta"].(map[string]any)
	created, err := time.Parse(time.RFC3339, meta["created"].(string))
	if off := time.Since(created); err != nil || off < 59*time.Minute || off > 61*time.Minute {
		t.Errorf("created %v is %s ago, want an hour: %v", meta["created"], off, err)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAnotherAdministratorWorksBetweenRequests(t *testing.T) {
	t.Parallel()
	var server *sacsim.Server
	var edits atomic.Int32
	role := []string{"PROFILE:sap.epm:Viewer"}
	server = newServer(t, sacsim.Options{
		Before: func(r *http.Request) {
			if r.Method == http.MethodPatch {
				edits.Add(1)
				if err := server.Edit(service.Edit{User: "U1", AddRoles: role}); err != nil {
					t.Error(err)
				}
			}
		},
		After: func(r *http.Request) {
			if r.Method == http.MethodPatch {
				edits.Add(1)
				if err := server.Edit(service.Edit{Team: "Team2", AddRoles: role}); err != nil {
					t.Error(err)
				}
			}
		},
	}, "")
	c := login(t, server)
	got := c.call(http.MethodPatch, "/api/v1/scim2/Users/"+uuids(c, "U1")[0], u1Patch)
	if !strings.Contains(got.body, role[0]) || edits.Load() != 2 {
		t.Errorf("%d edits, answer %s", edits.Load(), got.body)
	}
	c.control("/__edit", `[{"team":"Team1","addMembers":["U2"]},{"user":"U2","set":{"active":false}}]`)
	state := c.raw(http.MethodGet, "/__state", "").body
	for _, want := range []string{`"Team1":{"displayName":"Team1","members":["U1","U2"]`, `"Team2":{"displayName":"Team2","members":[],"roles":["` + role[0] + `"]}`} {
		if !strings.Contains(state, want) {
			t.Errorf("the state lacks %s:\n%s", want, state)
		}
	}
	if got := c.raw(http.MethodPost, "/__edit", `[{"user":"NOBODY"}]`); got.status != http.StatusBadRequest {
		t.Errorf("an edit of nobody: %d %s", got.status, got.body)
	}
}
