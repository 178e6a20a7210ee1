package sacsim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim"
)

// uuids gives the v2 ids of the users, in the order asked for.
func uuids(c *client, ids ...string) []string {
	c.t.Helper()
	list := make([]string, len(ids))
	for i, id := range ids {
		got := c.call(http.MethodPost, "/api/v1/scim2/Users/.search",
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName eq \"`+id+`\""}`)
		found, _ := got.json(c.t)["Resources"].([]any)
		if len(found) != 1 {
			c.t.Fatalf("search for %s found %d: %s", id, len(found), got.body)
		}
		user, _ := found[0].(map[string]any)
		list[i], _ = user["id"].(string)
	}
	return list
}

// deletes is a BulkRequest that deletes the users.
func deletes(failOnErrors int, ids ...string) string {
	operations := make([]string, len(ids))
	for i, id := range ids {
		operations[i] = `{"method":"DELETE","path":"/Users/` + id + `"}`
	}
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":%d,"Operations":[%s]}`,
		failOnErrors, strings.Join(operations, ","))
}

// statuses reads the items' statuses from either place.
func statuses(t *testing.T, got result) []string {
	t.Helper()
	wantStatus(t, got, http.StatusOK)
	list := []string{}
	items, _ := got.json(t)["Operations"].([]any)
	for _, item := range items {
		fields, _ := item.(map[string]any)
		response, _ := fields["response"].(map[string]any)
		status := fields["status"]
		if status == nil {
			status = response["status"]
		}
		list = append(list, fmt.Sprint(status))
	}
	return list
}

const bulkPath = "/api/v1/scim2/Bulk"

func TestBehaviour42_BulkLimits(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	nobody := make([]string, 31)
	for i := range nobody {
		nobody[i] = fmt.Sprintf("none-%d", i)
	}
	if got := statuses(t, c.call(http.MethodPost, bulkPath, deletes(0, nobody[:30]...))); len(got) != 30 {
		t.Errorf("30 operations gave %d items", len(got))
	}
	wantStatus(t, c.call(http.MethodPost, bulkPath, deletes(0, nobody...)), http.StatusRequestEntityTooLarge)
	if got := c.stats().Violations; len(got) != 1 || !strings.Contains(got[0], "30") {
		t.Errorf("violations = %q, want the 31 operations", got)
	}
	wantStatus(t, c.call(http.MethodPost, bulkPath,
		strings.Replace(deletes(0, "x"), `"schemas"`, `"pad":"`+strings.Repeat("x", 3_072_000)+`","schemas"`, 1)),
		http.StatusRequestEntityTooLarge)
	if got := statuses(t, c.call(http.MethodPost, bulkPath, deletes(1, nobody[:5]...))); len(got) != 1 {
		t.Errorf("failOnErrors 1 gave %d items, want the failed one only", len(got))
	}
}

func TestBehaviour43_ItemStatusesInEitherPlace(t *testing.T) {
	t.Parallel()
	c := login(t, newServer(t, sacsim.Options{}, ""))
	ids := uuids(c, "U1", "U2")
	got := statuses(t, c.call(http.MethodPost, bulkPath, deletes(0, ids[0])))
	if diff := cmp.Diff([]string{"204"}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	c.control("/__settings", `{"bulkItemStatus":"response.status"}`)
	answer := c.call(http.MethodPost, bulkPath, deletes(0, ids[1]))
	item, _ := answer.json(t)["Operations"].([]any)[0].(map[string]any)
	if item["status"] != nil {
		t.Errorf("status stands beside response: %v", item)
	}
	if diff := cmp.Diff([]string{"204"}, statuses(t, answer)); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestBehaviour43_ForbiddenItemsAreNotRun(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		fail int
		want []string
		left []string
	}{
		"the others go on":           {0, []string{"204", "403", "204"}, []string{"U2"}},
		"failOnErrors stops at them": {1, []string{"204", "403"}, []string{"U2", "U3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := login(t, newServer(t, sacsim.Options{}, ""))
			ids := uuids(c, "U1", "U2", "U3")
			c.control("/__settings", `{"bulkItemForbidden":2}`)
			got := statuses(t, c.call(http.MethodPost, bulkPath, deletes(one.fail, ids...)))
			if diff := cmp.Diff(one.want, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			left := []string{}
			for _, id := range []string{"U1", "U2", "U3"} {
				if c.call(http.MethodGet, usersV1+"/"+id, "").status == http.StatusOK {
					left = append(left, id)
				}
			}
			if diff := cmp.Diff(one.left, left); diff != "" {
				t.Errorf("users left (-want +got):\n%s", diff)
			}
		})
	}
}
