package scim

import "testing"

// No attribute at the top of the registered schemas is immutable, so the rule is tested with one that is.
func TestImmutableOnPut(t *testing.T) {
	t.Parallel()
	device := &ResourceType{Name: "Device", Core: newSchema("urn:example:Device", "Device", "", text("serial", "", immutable), text("label", ""))}
	device.buildIndex(nil)
	tests := map[string]struct {
		before, after map[string]any
		refused       bool
	}{
		"it is set once":                  {map[string]any{}, map[string]any{"serial": "1"}, false},
		"it stays":                        {map[string]any{"serial": "1", "label": "a"}, map[string]any{"serial": "1", "label": "b"}, false},
		"another value is refused":        {map[string]any{"serial": "1"}, map[string]any{"serial": "2"}, true},
		"to leave it out is a change too": {map[string]any{"serial": "1"}, map[string]any{"label": "b"}, true},
	}
	for name, tc := range tests {
		err := CheckImmutable(&Resource{Type: device, Attrs: tc.before}, &Resource{Type: device, Attrs: tc.after})
		e, ok := err.(*Error) //nolint:errorlint // the function's own result
		if (err != nil) != tc.refused || ok && (e.Type != Mutability || e.Path != "serial") {
			t.Errorf("%s: got %v, want refused %t", name, err, tc.refused)
		}
	}
}
