package scimserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Trial 11.
func TestAReferenceThatChangesLosesWhatContradictsIt(t *testing.T) {
	t.Parallel()
	manager := map[string]any{"value": "m1", "$ref": "../Users/m1"}
	role := map[string]any{"value": "r1", "display": "Role 1", "type": "app", "primary": true}
	mail := map[string]any{"value": "k@x.example", "display": "Office", "type": "work", "primary": true}
	for name, c := range map[string]struct {
		ops  []string
		path []any
		want any
	}{
		"a manager by its value": {
			[]string{`{"op":"replace","path":"` + enterprise + `:manager.value","value":"m2"}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2"},
		},
		"a manager by an object": {
			[]string{`{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"m2"}}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2"},
		},
		"a manager by an object with the old name": {
			[]string{`{"op":"add","path":"` + enterprise + `:manager","value":{"value":"m2","displayName":"Old"}}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2"},
		},
		"a manager as text": {
			[]string{`{"op":"replace","path":"manager","value":"m2"}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2"},
		},
		"a manager without a path": {
			[]string{`{"op":"replace","value":{"` + enterprise + `":{"manager":{"value":"m2"}}}}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2"},
		},
		"a manager in a list, as Entra does": {
			[]string{`{"op":"Replace","path":"` + enterprise + `:manager","value":[{"$ref":null,"value":"m2"}]}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2"},
		},
		"a manager whose value goes": {
			[]string{`{"op":"remove","path":"` + enterprise + `:manager.value"}`},
			[]any{enterprise, "manager"},
			nil,
		},
		"a manager who becomes nobody": {
			[]string{`{"op":"replace","path":"` + enterprise + `:manager.value","value":""}`},
			[]any{enterprise, "manager"},
			nil,
		},
		"a manager with a new reference of its own": {
			[]string{`{"op":"replace","path":"` + enterprise + `:manager","value":{"value":"m2","$ref":"../Users/m2"}}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2", "$ref": "../Users/m2"},
		},
		"a manager with a new reference in an operation before": {
			[]string{`{"op":"replace","path":"` + enterprise + `:manager.$ref","value":"../Users/m2"}`, `{"op":"replace","path":"` + enterprise + `:manager.value","value":"m2"}`},
			[]any{enterprise, "manager"},
			map[string]any{"value": "m2", "$ref": "../Users/m2"},
		},
		"a manager who stays": {
			[]string{`{"op":"replace","path":"` + enterprise + `:manager.value","value":"m1"}`},
			[]any{enterprise, "manager"},
			manager,
		},
		"a role by its value": {
			[]string{`{"op":"replace","path":"roles[type eq \"app\"].value","value":"r2"}`},
			[]any{"roles"},
			[]any{map[string]any{"value": "r2", "type": "app", "primary": true}},
		},
		"a role by an object": {
			[]string{`{"op":"replace","path":"roles[value eq \"r1\"]","value":{"value":"r2"}}`},
			[]any{"roles"},
			[]any{map[string]any{"value": "r2", "type": "app", "primary": true}},
		},
		"a role without a filter": {
			[]string{`{"op":"replace","path":"roles.value","value":"r2"}`},
			[]any{"roles"},
			[]any{map[string]any{"value": "r2", "type": "app", "primary": true}},
		},
		"a role whose new name came first": {
			[]string{`{"op":"replace","path":"roles[type eq \"app\"].display","value":"Role 2"}`, `{"op":"replace","path":"roles[type eq \"app\"].value","value":"r2"}`},
			[]any{"roles"},
			[]any{map[string]any{"value": "r2", "display": "Role 2", "type": "app", "primary": true}},
		},
		"an address, which is no reference, keeps its label": {
			[]string{`{"op":"replace","path":"emails[type eq \"work\"].value","value":"new@x.example"}`},
			[]any{"emails"},
			[]any{map[string]any{"value": "new@x.example", "display": "Office", "type": "work", "primary": true}},
		},
	} {
		b := open(t)
		id := b.user("kim", map[string]any{enterprise: map[string]any{"manager": manager}, "roles": []any{role}, "emails": []any{mail}})
		a := b.patch("/Users/"+id, c.ops...).want(200)
		if diff := cmp.Diff(a.at(c.path...), c.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}
