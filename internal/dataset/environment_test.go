package dataset

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// environmentText makes a Postman environment of keys and values in turn.
func environmentText(t *testing.T, pairs ...string) string {
	t.Helper()
	type item struct {
		Key     string `json:"key"`
		Value   string `json:"value"`
		Type    string `json:"type"`
		Enabled bool   `json:"enabled"`
	}
	var items []item
	for i := 0; i+1 < len(pairs); i += 2 {
		items = append(items, item{pairs[i], pairs[i+1], "default", true})
	}
	raw, err := json.MarshalIndent(map[string]any{"id": "1", "name": "n", "values": items, "_postman_variable_scope": "environment"}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// tenantPairs gives the four necessary keys with a prefix.
func tenantPairs(prefix, host string) []string {
	return []string{prefix + "SACserviceFQDN", host, prefix + "SACtokenFQDN", "auth." + host, prefix + "Username", "id", prefix + "Password", "pw-4711"}
}

// plain gives a tenant without its functions, for comparing.
func plain(t *EnvironmentTenant) *EnvironmentTenant {
	if t == nil {
		return nil
	}
	c := *t
	c.ClientID, c.ClientSecret = nil, nil
	return &c
}

func TestEnvironmentOfOneTenant(t *testing.T) {
	t.Parallel()
	pairs := append(tenantPairs("", "dev.example.com"), "SACplatform", "NEO", "SAMLSSO", "email", "ContentNamespace", "t.DEV",
		"SCIM_NewUserDefault_preferredlanguage", "de", "abort_after_continous_errors_reaches", "5", "TimeZoneHours", "1")
	e, err := ReadEnvironment(strings.NewReader(environmentText(t, pairs...)), "folder/dev.json")
	if err != nil {
		t.Fatal(err)
	}
	want := &EnvironmentTenant{
		URL: "https://dev.example.com", TokenURL: "https://auth.dev.example.com/oauth2/api/v1/token", Platform: "neo", SSO: "email",
		Namespace: "t.DEV", NewUserDefaults: map[string]string{"preferredlanguage": "de"},
	}
	if diff := cmp.Diff(plain(e.Tenant), want); diff != "" {
		t.Errorf("tenant (-got +want):\n%s", diff)
	}
	if e.Tenant.ClientID() != "id" || e.Tenant.ClientSecret() != "pw-4711" {
		t.Error("the credentials are not the file's")
	}
	if e.Source != nil || e.Target != nil || e.MaxErrors != 5 || e.Name != "dev.json" || len(e.Warnings) > 0 {
		t.Errorf("got %+v", e)
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%v %+v %#v %s", e.Tenant, *e.Tenant, *e.Tenant, raw); strings.Contains(all, "pw-4711") {
		t.Errorf("the secret is printed: %s", all)
	}
}

func TestEnvironmentOfTwoTenants(t *testing.T) {
	t.Parallel()
	pairs := append(tenantPairs("Source-", "dev.example.com"), tenantPairs("Target-", "prod.example.com")...)
	pairs = append(pairs, "Source-SACplatform", "Neo", "Target-SAMLSSO", "custom", "SCIM_NewUserDefault_dateformatting", "x", "Target-SCIM_NewUserDefault_timeformatting", "y")
	e, err := ReadEnvironment(strings.NewReader(environmentText(t, pairs...)), "both.json")
	if err != nil {
		t.Fatal(err)
	}
	got := []*EnvironmentTenant{plain(e.Tenant), plain(e.Source), plain(e.Target)}
	want := []*EnvironmentTenant{
		nil,
		{URL: "https://dev.example.com", TokenURL: "https://auth.dev.example.com/oauth/token", Platform: "cf", SSO: "default", NewUserDefaults: map[string]string{"dateformatting": "x"}},
		{URL: "https://prod.example.com", TokenURL: "https://auth.prod.example.com/oauth/token", Platform: "cf", SSO: "custom", NewUserDefaults: map[string]string{"dateformatting": "x", "timeformatting": "y"}},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("tenants (-got +want):\n%s", diff)
	}
	if len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0].String(), `Source-SACplatform: unknown platform "Neo" counts as CF`) {
		t.Errorf("got warnings %v, want one about the platform", e.Warnings)
	}
	if e.MaxErrors != 3 {
		t.Errorf("got %d, want the scripts' 3", e.MaxErrors)
	}
}

func TestHostsInTheWaysPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"a.example.com": "https://a.example.com", "https://a.example.com": "https://a.example.com", "https://a.example.com/": "https://a.example.com",
		"a.example.com:8443/": "https://a.example.com:8443", " a.example.com ": "https://a.example.com",
		"localhost:18401": "https://localhost:18401", "http://127.0.0.1:18401": "http://127.0.0.1:18401", "http://localhost:1": "http://localhost:1",
		"http://a.example.com": "", "ftp://a.example.com": "", "https://a.example.com/x": "", "https://u:pw-4711@a.example.com": "", "https://": "", "<your host>": "", "a?b=c": "",
	} {
		pairs := tenantPairs("", "x.example.com")
		pairs[1] = host
		e, err := ReadEnvironment(strings.NewReader(environmentText(t, pairs...)), "e.json")
		switch {
		case want == "" && err == nil:
			t.Errorf("%s: is accepted as %s", host, e.Tenant.URL)
		case want != "" && err != nil:
			t.Errorf("%s: %v", host, err)
		case want != "" && e.Tenant.URL != want:
			t.Errorf("%s: got %s, want %s", host, e.Tenant.URL, want)
		case err != nil && strings.Contains(err.Error(), "pw-4711"):
			t.Errorf("the message shows a password: %v", err)
		}
	}
}

func TestBrokenEnvironments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":         {"x", "e:1:1: unexpected 'x' where a value should stand"},
		"no environment":  {`{"info":{}}`, `e:1: this is no Postman environment: it has no list "values"`},
		"a data file":     {`[{"file_userid":"A"}]`, `e:1: this is no Postman environment: it has no list "values"`},
		"another code":    {"\xfc", `e:1: this line is neither UTF-8 nor UTF-16: save the file as "CSV UTF-8"`},
		"nothing enabled": {`{"values":[{"key":"Username","value":"x","enabled":false}]}`, "e: SACserviceFQDN: is missing\ne: SACtokenFQDN: is missing\ne: Username: is missing\ne: Password: is missing"},
		"keys missing and empty": {environmentText(t, "Source-SACserviceFQDN", "a.example.com", "Source-SACtokenFDQN", "x", "Source-Username", ""), "e: Source-SACtokenFQDN: is missing: is it the one called Source-SACtokenFDQN?\n" +
			"e: Source-Password: is missing\ne:18: Source-Username: is empty"},
		"an unknown mode": {environmentText(t, append(tenantPairs("", "a.example.com"), "SAMLSSO", "mail")...), `e:30: SAMLSSO: unknown mode "mail": write default, userid, email or custom`},
		"a list":          {`{"values":[{"key":"Username","value":[]}]}`, "e:1: Username: is a list, and a text is wanted"},
	} {
		_, err := ReadEnvironment(strings.NewReader(c.text), "e")
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v\nwant %s", name, err, c.want)
		}
	}
}

func TestOddEnvironments(t *testing.T) {
	t.Parallel()
	text := `{"values":[
{"key":"SACserviceFQDN","value":"old.example.com"},
{"key":"SACserviceFQDN","value":"a.example.com"},
{"key":"SACtokenFQDN","value":"b.example.com","enabled":true},
{"key":"Username","value":12},{"key":"Password","value":"env:SECRET"},{"key":"ContentNamespace","value":null},
{"key":"abort_after_continous_errors_reaches","value":"many"},{"key":"","value":"x"},],}`
	e, err := ReadEnvironment(strings.NewReader(text), "e")
	if err != nil {
		t.Fatal(err)
	}
	if e.Tenant.URL != "https://a.example.com" || e.Tenant.ClientID() != "12" || e.Tenant.ClientSecret() != "env:SECRET" || e.MaxErrors != 3 {
		t.Errorf("got %+v", e.Tenant)
	}
	var got []string
	for _, w := range e.Warnings {
		got = append(got, w.String())
	}
	want := []string{
		"e:6: a comma before the closing ]; it is passed over",
		"e:6: a comma before the closing }; it is passed over",
		"e:2: SACserviceFQDN: is set a second time on line 3, which counts",
		`e:6: abort_after_continous_errors_reaches: "many" is no number above 0; 3 is used`,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("warnings (-got +want):\n%s", diff)
	}
}

func FuzzEnvironment(f *testing.F) {
	f.Add([]byte(`{"values":[{"key":"SACserviceFQDN","value":"a"},{"key":"SACtokenFQDN","value":"b"},{"key":"Username","value":"c"},{"key":"Password","value":"d"}]}`))
	f.Add([]byte(`{"values":[{"key":"Source-Username","value":1,"enabled":false}]}`))
	f.Add([]byte(`{"values":[{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ReadEnvironment(strings.NewReader(string(raw)), "e")
		if err != nil {
			return
		}
		found := false
		for _, tenant := range []*EnvironmentTenant{e.Tenant, e.Source, e.Target} {
			if tenant == nil {
				continue
			}
			found = true
			if !strings.HasPrefix(tenant.URL, "http") || tenant.TokenURL == "" || tenant.ClientID() == "" || tenant.ClientSecret() == "" {
				t.Errorf("an unusable tenant is accepted: %+v", plain(tenant))
			}
		}
		if !found {
			t.Error("an environment without a tenant is accepted")
		}
	})
}
