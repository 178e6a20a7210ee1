package scimserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	libschema "github.com/elimity-com/scim/schema"

	"sacbridge/internal/scim"
)

// refusedValue is a value that the library refuses, as a part of a body and as an operation of a PATCH; either may be
// missing where the kind of refusal cannot come that way.
type refusedValue struct {
	group      bool
	attributes string
	operation  string
	detail     string
}

// refusedValues has a case for each kind of refusal of the library's schemas (schema.CoreAttribute.ValidateSingular and
// schema.Schema.Validate) that a request can meet. TestTheLibraryKnowsWhatNoRequestMeets has the others.
func refusedValues() map[string]refusedValue {
	const sac = scim.SACUserURN
	days := `"` + sac + `":{"cleanUpNotificationsNumberOfDays":`
	daysPath := `{"op":"replace","path":"` + sac + `:cleanUpNotificationsNumberOfDays","value":`
	return map[string]refusedValue{
		"text: a number":               {attributes: `"title":7`, operation: `{"op":"replace","path":"title","value":7}`, detail: "title is a number, a string is expected"},
		"text: a boolean":              {attributes: `"displayName":true`, operation: `{"op":"add","value":{"displayName":true}}`, detail: "displayName is a boolean, a string is expected"},
		"text: an object":              {attributes: `"nickName":{}`, operation: `{"op":"add","path":"nickName","value":{}}`, detail: "nickName is an object, a string is expected"},
		"text: a list":                 {attributes: `"title":["a","b"]`, operation: `{"op":"add","path":"title","value":["a","b"]}`, detail: "title is a list, a string is expected"},
		"text: a part":                 {attributes: `"name":{"givenName":1}`, operation: `{"op":"add","path":"name.givenName","value":1}`, detail: "name.givenName is a number, a string is expected"},
		"text: outside of all schemas": {attributes: `"externalId":7`, operation: `{"op":"replace","path":"externalId","value":7}`, detail: "externalId is a number, a string is expected"},
		"text: in an extension":        {attributes: `"` + enterprise + `":{"department":false}`, operation: `{"op":"replace","path":"` + enterprise + `:department","value":false}`, detail: enterprise + ":department is a boolean, a string is expected"},
		"text: a password":             {attributes: `"password":5`, operation: `{"op":"replace","path":"password","value":5}`, detail: "password is a number, a string is expected"},
		"text: a member's id":          {group: true, attributes: `"members":[{"value":5}]`, operation: `{"op":"add","path":"members","value":[{"value":5}]}`, detail: "members.value is a number, a string is expected"},
		"boolean: a text":              {attributes: `"active":"sometimes"`, operation: `{"op":"replace","path":"active","value":"sometimes"}`, detail: "active is a string, a boolean is expected"},
		"boolean: a number":            {attributes: `"active":1`, operation: `{"op":"replace","value":{"active":1}}`, detail: "active is a number, a boolean is expected"},
		"boolean: a part":              {attributes: `"emails":[{"value":"a","primary":1}]`, operation: `{"op":"add","path":"emails","value":[{"value":"a","primary":1}]}`, detail: "emails.primary is a number, a boolean is expected"},
		"integer: a text":              {attributes: days + `"many"}`, operation: daysPath + `"many"}`, detail: sac + ":cleanUpNotificationsNumberOfDays is a string, an integer is expected"},
		"integer: a boolean":           {attributes: days + `true}`, operation: daysPath + `true}`, detail: "is a boolean, an integer is expected"},
		"integer: a fraction":          {attributes: days + `1.5}`, operation: daysPath + `1.5}`, detail: "is a number, an integer is expected"},
		"integer: an exponent":         {attributes: days + `1e3}`, operation: daysPath + `1e3}`, detail: "is a number, an integer is expected"},
		"integer: too large":           {attributes: days + `9223372036854775808}`, operation: daysPath + `9223372036854775808}`, detail: "cleanUpNotificationsNumberOfDays is out of range, an integer of 64 bits is expected"},
		"reference: a number":          {attributes: `"profileUrl":1`, operation: `{"op":"add","path":"profileUrl","value":1}`, detail: "profileUrl is a number, a reference is expected"},
		"reference: an object":         {attributes: `"photos":[{"value":{}}]`, operation: `{"op":"add","path":"photos","value":{"value":{}}}`, detail: "photos.value is an object, a reference is expected"},
		"binary: a number":             {attributes: `"x509Certificates":[{"value":1}]`, operation: `{"op":"add","path":"x509Certificates","value":[{"value":1}]}`, detail: "x509Certificates.value is a number, a binary is expected"},
		"binary: no base64":            {attributes: `"x509Certificates":[{"value":"%"}]`, operation: `{"op":"add","path":"x509Certificates","value":[{"value":"%"}]}`, detail: "x509Certificates.value is not base64"},
		"binary: no padding":           {attributes: `"x509Certificates":[{"value":"QQ"}]`, operation: `{"op":"add","path":"x509Certificates","value":[{"value":"QQ"}]}`, detail: "x509Certificates.value is not base64"},
		"binary: a line break":         {attributes: `"x509Certificates":[{"value":"QUJD\nQUJD"}]`, operation: `{"op":"add","path":"x509Certificates","value":[{"value":"QUJD\nQUJD"}]}`, detail: "x509Certificates.value is not base64"},
		"object: a number":             {attributes: `"name":17`, operation: `{"op":"replace","path":"name","value":17}`, detail: "name is a number, an object is expected"},
		"object: a text":               {attributes: `"name":"Kim"`, operation: `{"op":"replace","value":{"name":"Kim"}}`, detail: "name is a string, an object is expected"},
		"object: a list":               {attributes: `"emails":[["a"]]`, operation: `{"op":"add","path":"emails","value":[["a"]]}`, detail: "emails is a list, an object is expected"},
		"object: one of a list":        {attributes: `"emails":[{"value":"a"},7]`, operation: `{"op":"replace","path":"emails","value":[{"value":"a"},7]}`, detail: "emails is a number, an object is expected"},
		"object: a selected value":     {operation: `{"op":"replace","path":"emails[type eq \"work\"]","value":7}`, detail: "emails is a number, an object is expected"},
		"list: a text":                 {attributes: `"emails":"k@x.example"`, operation: `{"op":"replace","path":"emails","value":"k@x.example"}`, detail: "emails is a string, a list is expected"},
		"list: a boolean":              {group: true, attributes: `"members":false`, operation: `{"op":"replace","value":{"members":false}}`, detail: "members is a boolean, a list is expected"},
		"extension: a text":            {attributes: `"` + enterprise + `":"Sales"`, operation: `{"op":"add","path":"` + enterprise + `","value":"Sales"}`, detail: enterprise + " is a string, an object is expected"},
		"extension: a list":            {attributes: `"` + enterprise + `":[]`, operation: `{"op":"replace","value":{"` + enterprise + `":[]}}`, detail: enterprise + " is a list, an object is expected"},
		"core schema: a text":          {operation: `{"op":"replace","path":"` + coreUser + `","value":"x"}`, detail: coreUser + " is a string, an object is expected"},
	}
}

// acceptsAll is what scim would do if nobody listened to the library.
type acceptsAll struct{}

func (acceptsAll) Value(*scim.Attribute, any) bool  { return true }
func (acceptsAll) Whole(*scim.Attribute, any) bool  { return true }
func (acceptsAll) Extension(*scim.Schema, any) bool { return true }

// send writes the value by each way that it has, and hands out the answers with what detail has to say.
func (v *refusedValue) send(b *bridge, check func(way string, a *answer)) {
	urn, endpoint, name := coreUser, "/Users/", `"userName":"kim"`
	create := b.user
	if v.group {
		urn, endpoint, name = coreGroup, "/Groups/", `"displayName":"kim"`
		create = func(name string, _ ...map[string]any) string { return b.group(name) }
	}
	id := create("lee")
	if v.attributes != "" {
		body := `{"schemas":["` + urn + `","` + enterprise + `","` + scim.SACUserURN + `"],` + name + `,` + v.attributes + `}`
		check("POST", b.do(http.MethodPost, strings.TrimSuffix(endpoint, "/"), body))
		check("PUT", b.do(http.MethodPut, endpoint+id, body))
	}
	check("PATCH", b.patch(endpoint+id, v.operation))
}

// The answer names the attribute and what is expected of it, and it is the library's: where nobody listens to it, the
// same request is answered otherwise, since no check of ours repeats the library's.
func TestTheLibraryDecidesWhatAValueMayBe(t *testing.T) {
	t.Parallel()
	for name, v := range refusedValues() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v.send(open(t, with(ProfileStrict)), func(way string, a *answer) {
				a.wantError(http.StatusBadRequest, "invalidValue")
				if detail := str(a.at("detail")); !strings.Contains(detail, v.detail) {
					t.Errorf("%s: got %q, want %q in it", way, detail, v.detail)
				}
			})
			unheard := open(t, with(ProfileStrict))
			unheard.sources["s"].service.library = acceptsAll{}
			v.send(unheard, func(way string, a *answer) {
				if strings.Contains(string(a.body), v.detail) {
					t.Errorf("%s: refused without the library: %s", way, a.body)
				}
			})
		})
	}
}

func TestTheLibraryDecidesWhetherAnAttributeIsMissing(t *testing.T) {
	t.Parallel()
	for endpoint, tc := range map[string]struct{ body, detail string }{
		"/Users":  {`{"schemas":["` + coreUser + `"],"title":"T"}`, "userName is required"},
		"/Groups": {`{"schemas":["` + coreGroup + `"],"externalId":"x"}`, "displayName is required"},
	} {
		b, unheard := open(t), open(t)
		unheard.sources["s"].service.library = acceptsAll{}
		id := b.user("kim")
		if endpoint == "/Groups" {
			id = b.group("kim")
		}
		for way, a := range map[string]*answer{"POST": b.do(http.MethodPost, endpoint, tc.body), "PUT": b.do(http.MethodPut, endpoint+"/"+id, tc.body)} {
			a.wantError(http.StatusBadRequest, "invalidValue")
			if detail := str(a.at("detail")); !strings.Contains(detail, tc.detail) {
				t.Errorf("%s %s: got %q, want %q in it", way, endpoint, detail, tc.detail)
			}
		}
		if a := unheard.do(http.MethodPost, endpoint, tc.body); strings.Contains(string(a.body), tc.detail) {
			t.Errorf("POST %s: refused without the library: %s", endpoint, a.body)
		}
	}
}

// Under the tolerances some values are read before the library sees them, and it refuses the rest.
func TestTheLibraryDecidesBehindTheTolerances(t *testing.T) {
	t.Parallel()
	for name, v := range refusedValues() {
		switch name {
		case "list: a text", "list: a boolean", "object: a list":
			continue // read as lists of one
		}
		v.send(open(t, with(ProfileDefault)), func(way string, a *answer) {
			if a.status != http.StatusBadRequest || a.at("scimType") != "invalidValue" {
				t.Errorf("%s: %s: got %d %s, want 400 invalidValue", name, way, a.status, a.body)
			}
		})
	}
}

// No attribute that a client may write has these types, and no list of ours has to have a value; two spellings of one
// name never get as far as the library, since a name is made canonical once it was read.
func TestTheLibraryKnowsWhatNoRequestMeets(t *testing.T) {
	t.Parallel()
	l := &library{values: map[*scim.Attribute]*libschema.CoreAttribute{}, wholes: map[*scim.Attribute]libschema.Schema{}}
	moment := &scim.Attribute{Name: "moment", Type: scim.TypeDateTime}
	amount := &scim.Attribute{Name: "amount", Type: scim.TypeDecimal}
	tags := &scim.Attribute{Name: "tags", Type: scim.TypeString, MultiValued: true, Required: true}
	l.add([]*scim.Attribute{moment, amount, tags})
	for name, tc := range map[string]struct {
		a     *scim.Attribute
		value any
		want  bool
	}{
		"a dateTime":           {moment, "2026-01-02T03:04:05.678+01:00", true},
		"a date without time":  {moment, "2026-01-02", false},
		"a dateTime as number": {moment, json.Number("1"), false},
		"a decimal":            {amount, json.Number("1.5e3"), true},
		"a decimal as text":    {amount, "1.5", false},
		"a decimal as boolean": {amount, true, false},
		"a decimal too large":  {amount, json.Number("1e999"), false},
	} {
		if got := l.Value(tc.a, tc.value); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
	for name, tc := range map[string]struct {
		value any
		want  bool
	}{"a list": {[]any{"a"}, true}, "an empty list": {[]any{}, false}, "nothing": {nil, false}, "one value": {"a", false}, "a list with a number": {[]any{json.Number("1")}, false}} {
		if got := l.Whole(tags, tc.value); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
}
