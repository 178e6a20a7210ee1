package scim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/scim"
)

func TestErrorsByType(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		got, want *scim.Error
		text      string
	}{
		"a filter":      {scim.NewInvalidFilter("a", "at %d", 3), &scim.Error{Status: 400, Type: "invalidFilter", Path: "a", Detail: "at 3"}, "invalidFilter: at 3"},
		"a fixed value": {scim.NewMutability("id", "no"), &scim.Error{Status: 400, Type: "mutability", Path: "id", Detail: "no"}, "mutability: no"},
		"the structure": {scim.NewInvalidSyntax("", "no"), &scim.Error{Status: 400, Type: "invalidSyntax", Detail: "no"}, "invalidSyntax: no"},
		"a path":        {scim.NewInvalidPath("", "no"), &scim.Error{Status: 400, Type: "invalidPath", Detail: "no"}, "invalidPath: no"},
		"no target":     {scim.NewNoTarget("", "no"), &scim.Error{Status: 400, Type: "noTarget", Detail: "no"}, "noTarget: no"},
		"a value":       {scim.NewInvalidValue("", "no"), &scim.Error{Status: 400, Type: "invalidValue", Detail: "no"}, "invalidValue: no"},
		"too large":     {scim.NewTooLarge(5), &scim.Error{Status: 413, Detail: "the body is larger than 5 bytes"}, "the body is larger than 5 bytes"},
	}
	for name, tc := range tests {
		if diff := cmp.Diff(tc.got, tc.want); diff != "" || tc.got.Error() != tc.text {
			t.Errorf("%s: got %q, want %q (-got +want):\n%s", name, tc.got.Error(), tc.text, diff)
		}
	}
}
