package sacsim_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/sacsim"
)

// transportFlow walks script 1953 request by request: team "Fin" with users, roles and members, from
// one tenant to another, in one cookie jar as the collection runner has it.
type transportFlow struct {
	t              *testing.T
	source, target *client
}

// fetch is a read as the v1 scripts send it; the answer's token is kept, also with a 404.
func (f *transportFlow) fetch(c *client, path string) result {
	f.t.Helper()
	if c.token == "" {
		c.newToken()
		c.csrf = "fetch"
	}
	got := c.call(http.MethodGet, path, "")
	if token := got.header.Get("x-csrf-token"); token != "" && c.csrf == "fetch" {
		c.csrf = token
	}
	return got
}

// user copies one person: read in the source, read in the target, then create or update.
func (f *transportFlow) user(id string) {
	f.t.Helper()
	source := f.fetch(f.source, usersV1+"/"+id)
	wantStatus(f.t, source, http.StatusOK)
	body := source.json(f.t)
	switch got := f.fetch(f.target, usersV1+"/"+id); got.status {
	case http.StatusNotFound:
		for _, key := range []string{"id", "meta", "photos", "groups"} {
			delete(body, key)
		}
		wantStatus(f.t, f.target.call(http.MethodPost, usersV1, encode(f.t, body)), http.StatusCreated)
	case http.StatusOK:
		target := got.json(f.t)
		target["preferredLanguage"], target["roles"] = body["preferredLanguage"], body["roles"]
		wantStatus(f.t, f.target.call(http.MethodPut, usersV1+"/"+id, encode(f.t, target)), http.StatusOK)
	default:
		f.t.Fatalf("GET %s in the target = %d", id, got.status)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTransportAsScript1953SendsItBreaksNoRule(t *testing.T) {
	t.Parallel()
	f := &transportFlow{
		t: t,
		source: dial(t, newServer(t, sacsim.Options{Name: "dev"}, `{"users":[
			{"id":"OLD","preferredLanguage":"de","roles":["PROFILE:sap.epm:Viewer"]},{"id":"NEW","preferredLanguage":"fr"}],
			"teams":[{"id":"Fin","displayName":"Finance","members":["OLD","NEW"],"roles":["PROFILE:sap.epm:BI_Admin"]}]}`)),
		target: dial(t, newServer(t, sacsim.Options{Name: "prod"}, `{"users":[{"id":"OLD"},{"id":"STAYS"}]}`)),
	}
	f.target.http.Jar = f.source.http.Jar
	const team = "/api/v1/scim/Groups/Fin"
	source := f.fetch(f.source, team)
	wantStatus(t, source, http.StatusOK)
	wantStatus(t, f.fetch(f.target, team), http.StatusNotFound)
	wantStatus(t, f.target.call(http.MethodPost, "/api/v1/scim2/Groups", `{"schemas":[
		"urn:ietf:params:scim:schemas:core:2.0:Group","urn:sap:params:scim:schemas:extension:sac:2.0:group-custom-parameters"],
		"displayName":"Fin","members":[],"urn:sap:params:scim:schemas:extension:sac:2.0:group-custom-parameters":{"description":"Finance"}}`,
		"x-sap-sac-create-team-folder", "false"), http.StatusCreated)
	for _, id := range []string{"OLD", "NEW"} {
		f.user(id)
	}
	fresh := f.fetch(f.target, team)
	wantStatus(t, fresh, http.StatusOK)
	want := fresh.json(t)
	want["members"], want["roles"] = source.json(t)["members"], source.json(t)["roles"]
	put := f.target.call(http.MethodPut, team, encode(t, want))
	wantStatus(t, put, http.StatusOK)

	var got []string
	members, _ := put.json(t)["members"].([]any)
	for _, member := range members {
		fields, _ := member.(map[string]any)
		id, _ := fields["value"].(string)
		got = append(got, id)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"NEW", "OLD"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for name, c := range map[string]*client{"source": f.source, "target": f.target} {
		if broken := c.stats().Violations; len(broken) != 0 {
			t.Errorf("violations at the %s: %q, want none", name, broken)
		}
	}
}
