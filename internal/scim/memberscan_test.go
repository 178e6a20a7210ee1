package scim_test

import (
	"testing"

	"sacbridge/internal/scim"
)

func TestScanMembershipLeavesTheRestToTheEngine(t *testing.T) {
	t.Parallel()
	const add = `{"op":"add","path":"members","value":[{"value":"u1"}]}`
	tests := map[string]string{
		"a member with an empty value":       `{"schemas":["@P"],"Operations":[{"op":"add","path":"members","value":[{"value":""}]}]}`,
		"a member without value":             `{"schemas":["@P"],"Operations":[{"op":"add","path":"members","value":[{"display":"x"}]}]}`,
		"a member with an unknown part":      `{"schemas":["@P"],"Operations":[{"op":"add","path":"members","value":[{"value":"u1","x":1}]}]}`,
		"a part twice":                       `{"schemas":["@P"],"Operations":[{"op":"add","path":"members","value":[{"value":"u1","VALUE":"u2"}]}]}`,
		"a key twice":                        `{"schemas":["@P"],"Operations":[{"op":"add","OP":"remove","path":"members","value":[{"value":"u1"}]}]}`,
		"no schemas":                         `{"Operations":[` + add + `]}`,
		"other schemas":                      `{"schemas":["@G"],"Operations":[` + add + `]}`,
		"another key":                        `{"schemas":["@P"],"x":1,"Operations":[` + add + `]}`,
		"text after the document":            `{"schemas":["@P"],"Operations":[` + add + `]} x`,
		"an operation on something else":     `{"schemas":["@P"],"Operations":[` + add + `,{"op":"add","path":"displayName","value":"x"}]}`,
		"a removal with a filter and a list": `{"schemas":["@P"],"Operations":[{"op":"remove","path":"members[value eq \"u1\"]","value":[{"value":"u2"}]}]}`,
		"a removal of nobody":                `{"schemas":["@P"],"Operations":[{"op":"remove","path":"members[value eq \"\"]"}]}`,
		"a removal without path":             `{"schemas":["@P"],"Operations":[{"op":"remove","value":{"members":[{"value":"u1"}]}}]}`,
		"a list under a path and a key":      `{"schemas":["@P"],"Operations":[{"op":"add","path":"members","value":{"members":[{"value":"u1"}]}}]}`,
		"no operation":                       `{"schemas":["@P"],"Operations":[]}`,
		"an operation without op":            `{"schemas":["@P"],"Operations":[{"path":"members","value":[{"value":"u1"}]}]}`,
		"a body that ends early":             `{"schemas":["@P"],"Operations":[` + add,
		"a list that is no list":             `{"schemas":["@P"],"Operations":` + add + `}`,
	}
	for name, body := range tests {
		if ops, ok := scim.ScanMembership([]byte(expand(body))); ok {
			t.Errorf("%s: got %+v, want it left alone", name, ops)
		}
	}
	if _, ok := scim.ScanMembership([]byte(expand(`{"schemas":["@P"],"Operations":[` + add + `]}`))); !ok {
		t.Error("the plain form is left alone")
	}
}
