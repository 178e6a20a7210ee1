package scim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/scim"
)

func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		`userName eq "kim"`, `emails[type eq "work"].value eq "x"`, `emails[type eq "work" and (value co "x" or not (primary eq true))] and title pr`,
		`@E:manager.value ne null or meta.lastModified ge "2026-01-01T00:00:00.5+01:00"`, `@S:cleanUpNotificationsNumberOfDays lt 1e3`,
		`userName eq kim`, `userName eq "a\"\\\u00e9\ud83d\ude00"`, `((((userName pr))))`, `not(active eq "True")`, `urn:x:y.z eq 1`, `not`, ` `, `a[b[c`,
	} {
		f.Add(expand(s))
	}
	r := kim(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, tol := range []scim.Tolerance{{}, scim.Lenient()} {
			got, err := scim.ParseFilter(scim.User(), text, tol)
			if err != nil {
				wantError(t, err, scim.InvalidFilter)
				continue
			}
			again, err := scim.ParseFilter(scim.User(), got.String(), tol)
			if err != nil && len(got.String()) <= 8192 {
				t.Fatalf("%q is printed as %q, which is refused: %v", text, got, err)
			}
			if err == nil && (again.String() != got.String() || again.Match(r) != got.Match(r)) {
				t.Fatalf("%q is printed as %q, which is read as %q", text, got, again)
			}
			for _, e := range got.Conjuncts() {
				if got.Match(r) && !scim.Match(e, r) {
					t.Fatalf("%q matches, its conjunct does not", text)
				}
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{
		"userName", "name.givenName", "@U:title", "@E", "@E:manager.value", `emails[type eq "work"]`, `emails[type eq "work"].value`,
		"urn:example:x:y", "urn:", "members", `addresses[type eq "a" and not (country eq "b")].locality`, "emails[", "emails[]", "emails[type pr]x", "a.b.c",
	} {
		f.Add(expand(s))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, rt := range []*scim.ResourceType{scim.User(), scim.Group()} {
			p, err := scim.ParsePath(rt, text, scim.Lenient())
			if err != nil {
				wantError(t, err, scim.InvalidPath)
				continue
			}
			again, err := scim.ParsePath(rt, p.String(), scim.Tolerance{})
			if err != nil && len(p.String()) <= 8192 {
				t.Fatalf("%q is printed as %q, which is refused: %v", text, p, err)
			}
			if err == nil && again.String() != p.String() {
				t.Fatalf("%q is printed as %q, which is read as %q", text, p, again)
			}
		}
		if _, err := scim.ParseProjection(scim.User(), text, ""); err != nil {
			t.Fatalf("attributes=%q is refused: %v", text, err)
		}
		if _, err := scim.ParseSort(scim.User(), text, ""); err != nil {
			wantError(t, err, scim.InvalidPath)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		benchUser, `{"schemas":["@U"],"userName":"kim","urn:x:y":{"a":[1,null,{"b":[]}]}}`, `{"userName":"\ud800\u0000"}`, `{"a":1,"A":2}`, `{} x`, `[`, `{"userName":1e5}`,
		`{"schemas":["@G"],"displayName":"S","members":["u1",{"value":"u2"}]}`, `{"userName":"k","emails":{"value":"a","primary":"TRUE"},"manager":[{"managerId":""}]}`,
		`{"userName":"k","roles":[{"value":"{\"value\":\"a\",\"displayName\":\"b\"}"},"[1]"],"emails":"[{\"value\":\"x\"}]","urn:x:y":"{\"a\":[{}]}"}`,
	} {
		f.Add([]byte(expand(s)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, rt := range []*scim.ResourceType{scim.User(), scim.Group()} {
			r, err := scim.Decode(rt, body, limit, scim.Lenient(), byType{})
			if err != nil {
				if err.Error() == "" || strings.Contains(err.Error(), "%!") {
					t.Fatalf("an error without sense: %q", err)
				}
				continue
			}
			if !json.Valid(body) || !utf8.Valid(body) {
				t.Fatalf("%q is accepted, but is no JSON", body)
			}
			r.TakePassword()
			text := r.Encode()
			if !json.Valid(text) {
				t.Fatalf("%q is encoded as %q, which is no JSON", body, text)
			}
			again, err := scim.DecodeStored(rt, text)
			if err != nil {
				t.Fatalf("%q is encoded as %q, which is refused: %v", body, text, err)
			}
			if diff := cmp.Diff(string(again.Encode()), string(text)); diff != "" {
				t.Fatalf("%q (-got +want):\n%s", body, diff)
			}
			if _, err := scim.Decode(rt, text, 2*limit, scim.Tolerance{}, byType{}); err != nil {
				t.Fatalf("%q is encoded as %q, which is refused where all is strict: %v", body, text, err)
			}
		}
	})
}

func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		`{"op":"Add","path":"emails[type eq \"home\"].value","value":"x"}`, `{"op":"replace","value":{"name.givenName":"G","@E":{"manager":"m"},"urn:x:y:z":{"a":[1]}}}`,
		`{"op":"remove","path":"members[value eq \"u1\" or value eq \"u2\"]"}`, `{"op":"add","path":"members","value":[{"value":"u1"}]}`, `{"op":"remove","path":"members"}`,
		`{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, `{"op":"replace","path":"urn:x:y:a.b.c","value":null}`,
		`{"op":"remove","path":"emails.value"}`, `{"op":"add","path":"@S.isConcurrent","value":"True"}`, `{"op":"replace","path":"roles[primary eq \"True\"].value","value":{}}`,
	} {
		f.Add([]byte(expand(`{"schemas":["@P"],"Operations":[` + s + `]}`)))
	}
	u, g := kim(f), decode(f, scim.Group(), `{"schemas":["@G"],"displayName":"S"}`)
	u.Attrs["urn:x:y"] = map[string]any{"a": map[string]any{"b": "c"}, "l": []any{"p"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, r := range []*scim.Resource{u, g} {
			was := string(r.Encode())
			for _, tol := range []scim.Tolerance{{}, scim.Lenient()} {
				checkPatch(t, r, tol, body)
			}
			if now := string(r.Encode()); now != was {
				t.Fatalf("%q changed the resource before to %s", body, now)
			}
		}
	})
}

// checkPatch applies a body and holds what comes of it against what has to be true of every resource.
func checkPatch(t *testing.T, r *scim.Resource, tol scim.Tolerance, body []byte) {
	t.Helper()
	p, err := scim.DecodePatch(r.Type, body, limit, tol, byType{})
	if err != nil {
		return
	}
	got, err := p.Apply(r)
	if steps, ok := p.Membership(); ok && (err != nil || len(got.Changed) > 0 || !cmp.Equal(steps, got.Members, byName())) {
		t.Fatalf("%q is recognised as %+v, the engine says %+v, %v", body, steps, got, err)
	}
	if err != nil {
		return
	}
	text := got.Resource.Encode()
	again, err := scim.DecodeStored(r.Type, text)
	if err != nil || string(again.Encode()) != string(text) {
		t.Fatalf("%q gives %q, which is read as %v, %v", body, text, again, err)
	}
	if name := got.Resource.Attrs[map[string]string{"User": "userName", "Group": "displayName"}[r.Type.Name]]; name == nil || name == "" {
		t.Fatalf("%q gives %q, which has no name", body, text)
	}
	if len(got.Changed) == 0 && string(text) != string(r.Encode()) {
		t.Fatalf("%q changes %q unnoticed", body, text)
	}
}
