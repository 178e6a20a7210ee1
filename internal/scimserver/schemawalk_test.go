package scimserver

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// described is an attribute as a client reads it in /Schemas, with the path by which a PATCH names it.
type described struct {
	name, kind, mutability, returned string
	required, multiValued            bool
	canonical                        []any
	sub                              []described
	path                             string
}

func describe(raw any, urn string) described {
	d := described{
		name: str(at(raw, "name")), kind: str(at(raw, "type")), mutability: str(at(raw, "mutability")),
		returned: str(at(raw, "returned")), required: at(raw, "required") == true, multiValued: at(raw, "multiValued") == true,
	}
	d.canonical, _ = at(raw, "canonicalValues").([]any)
	d.path = urn + ":" + d.name
	subs, _ := at(raw, "subAttributes").([]any)
	for _, s := range subs {
		d.sub = append(d.sub, describe(s, urn))
	}
	return d
}

// promised lists the attributes of a schema that a client may write and read back.
func (b *bridge) promised(urn string) (list []described) {
	b.t.Helper()
	raw, _ := b.do("GET", "/Schemas/"+urn, "").want(http.StatusOK).at("attributes").([]any)
	if len(raw) == 0 {
		b.t.Fatalf("schema %s has no attributes", urn)
	}
	for _, a := range raw {
		if d := describe(a, urn); d.mutability == "readWrite" && d.returned != "never" {
			list = append(list, d)
		}
	}
	return list
}

// value makes a value of the described kind; two numbers give two different ones.
func (d *described) value(n int, member string) any {
	one := d.single(n, member)
	if d.multiValued {
		return []any{one}
	}
	return one
}

func (d *described) single(n int, member string) any {
	switch d.kind {
	case "complex":
		tree := map[string]any{}
		for _, s := range d.sub {
			switch s.mutability {
			case "immutable": // set once; a PUT cannot change it
				tree[s.name] = s.value(1, member)
			case "readWrite":
				tree[s.name] = s.value(n, member)
			}
		}
		if d.name == "members" {
			tree["value"], tree["type"] = member, "User"
			delete(tree, "$ref")
		}
		return tree
	case "boolean":
		return n%2 == 1
	case "integer":
		return float64(n)
	case "decimal":
		return float64(n) + 0.5
	case "dateTime":
		return []string{"2026-01-02T03:04:05.000Z", "2026-02-03T04:05:06.000Z"}[n%2]
	case "binary":
		return []string{"c2l4", "c2V2ZW4="}[n%2]
	case "reference":
		return []string{"https://x.example/6", "https://x.example/7"}[n%2]
	}
	if len(d.canonical) > 0 {
		return d.canonical[n%len(d.canonical)]
	}
	return []string{"six", "seven"}[n%2]
}

// without leaves out of shown values what the server itself adds to them: the address of a member.
func (d *described) without(shown any) any {
	list, _ := shown.([]any)
	for _, one := range list {
		if m, ok := one.(map[string]any); ok && d.name == "members" {
			delete(m, "$ref")
		}
	}
	return shown
}

// TestWhatTheSchemasPromiseHolds writes each attribute that /Schemas calls readWrite by each method and reads it back: a
// client that knows nothing but the published schemas gets what they say (RFC 7643 §7).
func TestWhatTheSchemasPromiseHolds(t *testing.T) {
	t.Parallel()
	for _, profile := range []Profile{"", ProfileStrict, ProfileEntra, ProfileOkta, ProfileIPS} {
		b := open(t, with(profile))
		types, _ := b.do("GET", "/ResourceTypes", "").want(200).at("Resources").([]any)
		if len(types) != 2 {
			t.Fatalf("got %d resource types, want 2", len(types))
		}
		for _, kind := range types {
			w := &walk{bridge: b, endpoint: str(at(kind, "endpoint")), core: str(at(kind, "schema")), profile: string(profile)}
			w.member = b.user("member-" + str(at(kind, "id")))
			urns := []string{w.core}
			extensions, _ := at(kind, "schemaExtensions").([]any)
			for _, e := range extensions {
				urns = append(urns, str(at(e, "schema")))
			}
			for _, urn := range urns {
				for _, d := range b.promised(urn) {
					w.check(t, urn, d)
				}
			}
			if w.seen < 5 {
				t.Errorf("%s: only %d attributes were tried", w.endpoint, w.seen)
			}
		}
	}
}

// walk tries the attributes of one resource type.
type walk struct {
	*bridge
	endpoint, core, profile string
	member                  string
	seen                    int
}

// body is the smallest resource with one more attribute.
func (w *walk) body(urn, name string, value any) string {
	w.seen++
	tree := map[string]any{"schemas": []string{w.core}}
	required := "userName"
	if w.core == coreGroup {
		required = "displayName"
	}
	tree[required] = "walk" + w.endpoint[1:] + string(rune('a'+w.seen/26%26)) + string(rune('a'+w.seen%26))
	switch {
	case value == nil:
	case urn == w.core:
		tree[name] = value
	default:
		tree["schemas"] = []string{w.core, urn}
		tree[urn] = map[string]any{name: value}
	}
	return toJSON(w.t, tree)
}

func (w *walk) check(t *testing.T, urn string, d described) {
	t.Helper()
	same := func(how string, a *answer, want any) {
		t.Helper()
		got := a.json()
		if urn != w.core {
			got, _ = got[urn].(map[string]any)
		}
		if diff := cmp.Diff(d.without(got[d.name]), want); diff != "" {
			t.Errorf("%s %s %s by %s (-got +want):\n%s", w.profile, w.endpoint, d.path, how, diff)
		}
	}
	one, two := d.value(1, w.member), d.value(2, w.member)
	a := w.do("POST", w.endpoint, w.body(urn, d.name, one)).want(201)
	same("POST", a, one)
	address := w.endpoint + "/" + a.id()
	same("GET", w.do("GET", address, "").want(200), one)
	same("PUT", w.do("PUT", address, w.body(urn, d.name, two)).want(200), two)

	step := func(op string, value any) *answer {
		t.Helper()
		tree := map[string]any{"op": op, "path": d.path}
		if value != nil {
			tree["value"] = value
		}
		if a := w.patch(address, toJSON(t, tree)); a.status != 200 && a.status != 204 {
			t.Errorf("%s %s %s by PATCH %s: status %d, %s", w.profile, w.endpoint, d.path, op, a.status, a.body)
		}
		return w.do("GET", address, "").want(200)
	}
	same("PATCH replace", step("replace", one), one)
	if d.required {
		w.patch(address, `{"op":"remove","path":`+toJSON(t, d.path)+`}`).wantError(400, "mutability")
		return
	}
	same("PATCH remove", step("remove", nil), nil)
	same("PATCH add", step("add", two), two)
	same("PATCH add of the same", step("add", two), two)
	w.do("PUT", address, w.body(urn, d.name, nil)).want(200)
	same("PUT without it", w.do("GET", address, "").want(200), nil)
}
