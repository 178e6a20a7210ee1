package scim_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/scim"
)

const limit = 1 << 20

// expand writes the URNs out that the tests abbreviate.
func expand(s string) string {
	return strings.NewReplacer(
		"@U", scim.UserURN, "@G", scim.GroupURN, "@E", scim.EnterpriseUserURN, "@P", scim.PatchURN,
		"@S", scim.SACUserURN, "@T", scim.SACGroupURN, "@R", scim.SACGroupRolesURN,
	).Replace(s)
}

// byType is a naive Validator in place of the SCIM library's schemas, with which internal/scimserver is tested.
type byType struct{}

func (byType) Value(a *scim.Attribute, v any) bool {
	switch v := v.(type) {
	case bool:
		return a.Type == scim.TypeBoolean
	case json.Number:
		return a.Type == scim.TypeDecimal || a.Type == scim.TypeInteger && !strings.ContainsAny(v.String(), ".eE")
	case string:
		if a.Type == scim.TypeBinary {
			_, err := base64.StdEncoding.DecodeString(v)
			return err == nil
		}
		return a.Type == scim.TypeString || a.Type == scim.TypeReference
	}
	return false
}

func (byType) Whole(a *scim.Attribute, v any) bool  { return v != nil && !a.MultiValued }
func (byType) Extension(_ *scim.Schema, _ any) bool { return false }

func typeOf(name string) *scim.ResourceType {
	if name == "Group" {
		return scim.Group()
	}
	return scim.User()
}

func decode(t testing.TB, rt *scim.ResourceType, body string) *scim.Resource {
	t.Helper()
	r, err := scim.Decode(rt, []byte(expand(body)), limit, scim.Lenient(), byType{})
	if err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	return r
}

// user decodes the attributes of a user called kim.
func user(t testing.TB, attributes string) *scim.Resource {
	t.Helper()
	body := `{"schemas":["@U"],"userName":"kim"`
	if attributes != "" {
		body += "," + attributes
	}
	return decode(t, scim.User(), body+"}")
}

func group(t testing.TB) *scim.Resource {
	t.Helper()
	return decode(t, scim.Group(), `{"schemas":["@G"],"displayName":"Sales"}`)
}

// diffJSON compares documents as values.
func diffJSON(t testing.TB, got, want string) string {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("not JSON: %v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(expand(want)), &w); err != nil {
		t.Fatalf("not JSON: %v in %s", err, want)
	}
	return cmp.Diff(g, w)
}

// wantError checks an error's type and that its detail holds each of the words.
func wantError(t testing.TB, err error, kind scim.ErrorType, words ...string) {
	t.Helper()
	e, ok := errors.AsType[*scim.Error](err)
	if !ok {
		t.Fatalf("got error %v, want %s", err, kind)
	}
	if e.Type != kind || e.Status != 400 {
		t.Errorf("got %d %s (%s), want 400 %s", e.Status, e.Type, e.Detail, kind)
	}
	for _, w := range words {
		if !strings.Contains(e.Detail, expand(w)) {
			t.Errorf("got detail %q, want %q in it", e.Detail, expand(w))
		}
	}
}

// patch applies operations, written as JSON, to r.
func patch(r *scim.Resource, tol scim.Tolerance, operations string) (scim.Outcome, error) {
	body := `{"schemas":["@P"],"Operations":[` + operations + `]}`
	p, err := scim.DecodePatch(r.Type, []byte(expand(body)), limit, tol, byType{})
	if err != nil {
		return scim.Outcome{}, err
	}
	return p.Apply(r)
}
