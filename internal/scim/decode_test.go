package scim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/scim"
)

func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind, body, want string
		tol              scim.Tolerance
	}{
		"names in any case at every level": {
			body: `{"SCHEMAS":["@U"],"USERNAME":"kim","Name":{"GIVENNAME":"K"},"EMAILS":[{"Value":"a@b","TYPE":"work"}]}`,
			want: `{"schemas":["@U"],"userName":"kim","name":{"givenName":"K"},"emails":[{"value":"a@b","type":"work"}]}`,
		},
		"an extension's URN in any case": {
			body: `{"schemas":["@U","@E"],"userName":"kim","URN:IETF:PARAMS:SCIM:SCHEMAS:EXTENSION:ENTERPRISE:2.0:USER":{"Department":"X"}}`,
			want: `{"schemas":["@U","@E"],"userName":"kim","@E":{"department":"X"}}`,
		},
		"null and empty lists are unassigned at every level": {
			body: `{"schemas":["@U"],"userName":"kim","title":null,"roles":[],"emails":[{"value":"a","type":null}],"name":{"givenName":null},"phoneNumbers":[null],"nickName":[]}`,
			want: `{"schemas":["@U"],"userName":"kim","emails":[{"value":"a"}]}`,
		},
		"schemas follows the data": {
			body: `{"schemas":["@U","@E","urn:example:nothing"],"userName":"kim","@S":{"idpUserId":"k"}}`,
			tol:  scim.Tolerance{SchemasOptional: true},
			want: `{"schemas":["@U","@S"],"userName":"kim","@S":{"idpUserId":"k"}}`,
		},
		"booleans as text under the tolerance": {
			body: `{"schemas":["@U"],"userName":"kim","active":"False","emails":[{"value":"a","primary":"TRUE"}]}`,
			tol:  scim.Tolerance{BooleanStrings: true},
			want: `{"schemas":["@U"],"userName":"kim","active":false,"emails":[{"value":"a","primary":true}]}`,
		},
		"id, meta and groups are left out": {
			body: `{"schemas":["@U"],"id":"7","meta":{"version":"x"},"groups":[{"value":"g"}],"userName":"kim","externalId":"e"}`,
			want: `{"schemas":["@U"],"userName":"kim","externalId":"e"}`,
		},
		"readOnly attributes are left out even where they have a wrong type": {
			body: `{"schemas":["@U"],"id":7,"meta":"x","groups":false,"userName":"kim"}`,
			want: `{"schemas":["@U"],"userName":"kim"}`,
		},
		"a readOnly sub-attribute is left out": {
			body: `{"schemas":["@U","@E"],"userName":"kim","@E":{"manager":{"value":"m","displayName":"Boss"}}}`,
			want: `{"schemas":["@U","@E"],"userName":"kim","@E":{"manager":{"value":"m"}}}`,
		},
		"an unknown extension is kept as it was sent": {
			body: `{"schemas":["@U","urn:example:Ext"],"userName":"kim","urn:example:Ext":{"Zeta":[1,"a",{"x":1.50}],"alpha":{"deep":true}}}`,
			want: `{"schemas":["@U","urn:example:Ext"],"userName":"kim","urn:example:Ext":{"Zeta":[1,"a",{"x":1.50}],"alpha":{"deep":true}}}`,
		},
		"what an unknown extension calls unassigned goes": {
			body: `{"schemas":["@U","urn:example:Ext"],"userName":"kim","urn:example:Ext":{"a":null,"b":[],"c":{"d":null}}}`,
			want: `{"schemas":["@U"],"userName":"kim"}`,
		},
		"unknown attributes are ignored under the tolerance": {
			body: `{"schemas":["@U"],"userName":"kim","shoeSize":44,"name":{"givenName":"K","nick":"x"},"department":"D"}`,
			tol:  scim.Tolerance{IgnoreUnknown: true},
			want: `{"schemas":["@U"],"userName":"kim","name":{"givenName":"K"}}`,
		},
		"an extension's attribute at the top under the tolerance": {
			body: `{"schemas":["@U"],"userName":"kim","manager":"m1"}`,
			tol:  scim.Tolerance{UnqualifiedExtensions: true, BareValues: true},
			want: `{"schemas":["@U","@E"],"userName":"kim","@E":{"manager":{"value":"m1"}}}`,
		},
		"a manager as list with $ref (Entra)": {
			body: `{"schemas":["@U","@E"],"userName":"kim","@E":{"manager":[{"$ref":"../Users/m","value":"m"}]}}`,
			tol:  scim.Tolerance{UnwrapSingular: true},
			want: `{"schemas":["@U","@E"],"userName":"kim","@E":{"manager":{"value":"m","$ref":"../Users/m"}}}`,
		},
		"a manager by managerId, and old URNs (OneLogin)": {
			body: `{"schemas":["urn:scim:schemas:core:1.0","urn:scim:schemas:extension:enterprise:1.0"],"id":null,"userName":"kim",` +
				`"urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":"m"},"department":"D"}}`,
			tol:  scim.Tolerance{LegacyURNs: true, BareValues: true},
			want: `{"schemas":["@U","@E"],"userName":"kim","@E":{"manager":{"value":"m"},"department":"D"}}`,
		},
		"an empty managerId is nobody (SAC v1)": {
			body: `{"schemas":["@U","@E"],"userName":"kim","@E":{"manager":{"managerId":""}}}`,
			tol:  scim.Tolerance{BareValues: true},
			want: `{"schemas":["@U"],"userName":"kim"}`,
		},
		"the enterprise URN without its colon (Entra)": {
			body: `{"schemas":["@U"],"userName":"kim","urn:ietf:params:scim:schemas:extension:enterprise:2.0User":{"department":"D"}}`,
			tol:  scim.Tolerance{LegacyURNs: true, SchemasOptional: true},
			want: `{"schemas":["@U","@E"],"userName":"kim","@E":{"department":"D"}}`,
		},
		"SAC's extension under a URN of the form that Entra asks for, a number as text": {
			body: `{"schemas":["@U"],"userName":"kim","urn:ietf:params:scim:schemas:extension:sac:2.0:User":{"cleanUpNotificationsNumberOfDays":"30"}}`,
			tol:  scim.Tolerance{LegacyURNs: true, SchemasOptional: true, BooleanStrings: true},
			want: `{"schemas":["@U","` + scim.SACUserURN + `"],"userName":"kim","` + scim.SACUserURN + `":{"cleanUpNotificationsNumberOfDays":30}}`,
		},
		"e-mails as one object (OneLogin)": {
			body: `{"schemas":["@U"],"userName":"kim","emails":{"value":"a"}}`,
			tol:  scim.Tolerance{WrapMultiValued: true},
			want: `{"schemas":["@U"],"userName":"kim","emails":[{"value":"a"}]}`,
		},
		"roles as their ids, text kept as it is": {
			body: `{"schemas":["@U"],"userName":"kim","roles":["PROFILE:t.X:A","{id:1}"]}`,
			tol:  scim.Tolerance{BareValues: true},
			want: `{"schemas":["@U"],"userName":"kim","roles":[{"value":"PROFILE:t.X:A"},{"value":"{id:1}"}]}`,
		},
		"of two primaries the first stays under the tolerance": {
			body: `{"schemas":["@U"],"userName":"kim","emails":[{"value":"a"},{"value":"b","primary":true},{"value":"c","primary":true}]}`,
			tol:  scim.Tolerance{ReducePrimaries: true},
			want: `{"schemas":["@U"],"userName":"kim","emails":[{"value":"a"},{"value":"b","primary":true},{"value":"c","primary":false}]}`,
		},
		"members as bare ids": {
			kind: "Group", body: `{"schemas":["@G"],"displayName":"S","members":["u1",{"value":"u2","type":"User","display":"Kim","$ref":null}]}`,
			tol:  scim.Tolerance{BareValues: true},
			want: `{"schemas":["@G"],"displayName":"S","members":[{"value":"u1"},{"value":"u2","type":"User","display":"Kim"}]}`,
		},
		"a group of Entra with a foreign URN in schemas": {
			kind: "Group", body: `{"schemas":["@G","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"b2","displayName":"Sales","meta":{"resourceType":"Group"}}`,
			want: `{"schemas":["@G"],"externalId":"b2","displayName":"Sales"}`,
		},
		"the roles and the description of a SAC team": {
			kind: "Group", body: `{"schemas":["@G"],"displayName":"S","roles":[{"value":"PROFILE:t.X:A"}],"@T":{"description":"d"}}`,
			tol:  scim.Lenient(),
			want: `{"schemas":["@G","@T","@R"],"displayName":"S","@T":{"description":"d"},"@R":{"roles":[{"value":"PROFILE:t.X:A"}]}}`,
		},
		"a user of Okta as it comes by PUT": {
			body: `{"schemas":["@U"],"id":"u1","userName":"kim@okta.example","name":{"givenName":"K","familyName":"L"},"emails":[{"primary":true,"value":"kim@okta.example","type":"work","display":"kim@okta.example"}],"displayName":"Kim","locale":"en-US","externalId":"00u1","groups":[],"active":true,"meta":{"resourceType":"User"}}`,
			want: `{"schemas":["@U"],"userName":"kim@okta.example","name":{"givenName":"K","familyName":"L"},"emails":[{"primary":true,"value":"kim@okta.example","type":"work","display":"kim@okta.example"}],"displayName":"Kim","locale":"en-US","externalId":"00u1","active":true}`,
		},
		"escapes and characters beyond the first plane": {
			body: `{"schemas":["@U"],"userName":"a\"\\\/\u00e9\ud83d\ude00","title":"x\ufffdy","nickName":"\n\t\u0001"}`,
			want: `{"schemas":["@U"],"userName":"a\"\\/é😀","title":"x�y","nickName":"\n\t\u0001"}`,
		},
		"no schemas at all under the tolerance": {
			body: `{"userName":"kim"}`, tol: scim.Tolerance{SchemasOptional: true},
			want: `{"schemas":["@U"],"userName":"kim"}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := scim.Decode(typeOf(tc.kind), []byte(expand(tc.body)), limit, tc.tol, byType{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := diffJSON(t, string(r.Encode()), tc.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	tests := map[string]struct {
		kind, body string
		want       scim.ErrorType
		words      []string
	}{
		"a string where an object belongs":         {"", `{"schemas":["@U"],"userName":"kim","name":"Kim"}`, scim.InvalidValue, []string{"name is a string", "object is expected"}},
		"text where a boolean belongs":             {"", `{"schemas":["@U"],"userName":"kim","active":"True"}`, scim.InvalidValue, []string{"active", "boolean is expected"}},
		"a boolean where text belongs":             {"", `{"schemas":["@U"],"userName":true}`, scim.InvalidValue, []string{"userName is a boolean", "string is expected"}},
		"a part of the wrong type":                 {"", `{"schemas":["@U"],"userName":"kim","emails":[{"value":1}]}`, scim.InvalidValue, []string{"emails.value is a number"}},
		"an object where a list belongs":           {"", `{"schemas":["@U"],"userName":"kim","emails":{"value":"a"}}`, scim.InvalidValue, []string{"emails is an object", "list is expected"}},
		"a list where one value belongs":           {"", `{"schemas":["@U"],"userName":["kim"]}`, scim.InvalidValue, []string{"userName is a list"}},
		"a list in a list":                         {"", `{"schemas":["@U"],"userName":"kim","emails":[[{"value":"a"}]]}`, scim.InvalidValue, []string{"emails is a list"}},
		"a fraction where an integer belongs":      {"", `{"schemas":["@U","@S"],"userName":"kim","@S":{"cleanUpNotificationsNumberOfDays":1.5}}`, scim.InvalidValue, []string{"an integer is expected"}},
		"what is no base64":                        {"", `{"schemas":["@U"],"userName":"kim","x509Certificates":[{"value":"%"}]}`, scim.InvalidValue, []string{"x509Certificates.value", "base64"}},
		"an extension that is no object":           {"", `{"schemas":["@U","@E"],"userName":"kim","@E":"D"}`, scim.InvalidValue, []string{"@E is a string"}},
		"only another resource type":               {"", `{"schemas":["@G"],"userName":"kim"}`, scim.InvalidValue, []string{"@U is expected"}},
		"a group's body that names users":          {"Group", `{"schemas":["@U"],"displayName":"kim"}`, scim.InvalidValue, []string{"@G is expected"}},
		"no schemas":                               {"", `{"userName":"kim"}`, scim.InvalidValue, []string{"schemas does not name @U"}},
		"an extension that schemas lacks":          {"", `{"schemas":["@U"],"userName":"kim","@E":{"department":"D"}}`, scim.InvalidValue, []string{"schemas does not name @E"}},
		"schemas that is no list of strings":       {"", `{"schemas":[1],"userName":"kim"}`, scim.InvalidValue, []string{"list of strings"}},
		"two primaries":                            {"", `{"schemas":["@U"],"userName":"kim","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, scim.InvalidValue, []string{"several primary"}},
		"two spellings of one name":                {"", `{"schemas":["@U"],"userName":"kim","USERNAME":"lee"}`, scim.InvalidSyntax, []string{`"USERNAME" is given twice`}},
		"two spellings of one part":                {"", `{"schemas":["@U"],"userName":"kim","name":{"givenName":"a","givenname":"b"}}`, scim.InvalidSyntax, []string{"given twice"}},
		"two spellings among many":                 {"", `{"schemas":["@U"],"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"K":2}`, scim.InvalidSyntax, []string{`"K" is given twice`}},
		"text after the document":                  {"", `{"schemas":["@U"],"userName":"kim"} x`, scim.InvalidSyntax, []string{"text after"}},
		"a second document":                        {"", `{"schemas":["@U"],"userName":"kim"}{}`, scim.InvalidSyntax, []string{"text after"}},
		"a document that ends early":               {"", `{"schemas":["@U"],"userName":`, scim.InvalidSyntax, []string{"ends early"}},
		"no document":                              {"", ``, scim.InvalidSyntax, []string{"ends early"}},
		"a list as document":                       {"", `[]`, scim.InvalidSyntax, []string{"the body is a list"}},
		"a document that is nested too deep":       {"", `{"schemas":["@U"],"userName":"kim","urn:example:x":` + deep + `}`, scim.InvalidSyntax, []string{"deeper than 32"}},
		"a string that is not UTF-8":               {"", "{\"schemas\":[\"@U\"],\"userName\":\"k\xffm\"}", scim.InvalidSyntax, []string{"not UTF-8"}},
		"a string with NUL":                        {"", `{"schemas":["@U"],"userName":"k\u0000m"}`, scim.InvalidValue, []string{"NUL"}},
		"a raw control character":                  {"", "{\"schemas\":[\"@U\"],\"userName\":\"k\nm\"}", scim.InvalidSyntax, []string{"control character"}},
		"a number with a leading zero":             {"", `{"schemas":["@U"],"userName":"kim","urn:example:x":{"a":01}}`, scim.InvalidSyntax, []string{"comma"}},
		"a missing required attribute":             {"", `{"schemas":["@U"],"displayName":"kim"}`, scim.InvalidValue, []string{"userName is required"}},
		"an empty required attribute":              {"Group", `{"schemas":["@G"],"displayName":""}`, scim.InvalidValue, []string{"displayName is required"}},
		"a member without value":                   {"Group", `{"schemas":["@G"],"displayName":"S","members":[{"display":"x"}]}`, scim.InvalidValue, []string{"member's id is expected"}},
		"an unknown attribute where all is strict": {"", `{"schemas":["@U"],"userName":"kim","shoeSize":44}`, scim.InvalidSyntax, []string{`"shoeSize"`}},
		"an unknown part where all is strict":      {"", `{"schemas":["@U"],"userName":"kim","name":{"nick":"x"}}`, scim.InvalidSyntax, []string{`"name.nick"`}},
		"an attribute of another type's extension": {"", `{"schemas":["@U","@G"],"userName":"kim","@G":{"displayName":"x"}}`, scim.InvalidSyntax, []string{"@G"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scim.Decode(typeOf(tc.kind), []byte(expand(tc.body)), limit, scim.Tolerance{}, byType{})
			wantError(t, err, tc.want, tc.words...)
		})
	}
}

func TestDecodeRefusesAnotherTypeUnderEveryTolerance(t *testing.T) {
	t.Parallel()
	_, err := scim.Decode(scim.User(), []byte(expand(`{"schemas":["@G"],"userName":"kim"}`)), limit, scim.Lenient(), byType{})
	wantError(t, err, scim.InvalidValue, "this is a User")
}

func TestDecodeRefusesABodyThatIsTooLarge(t *testing.T) {
	t.Parallel()
	_, err := scim.Decode(scim.User(), []byte(`{"userName":"kim"}`), 10, scim.Lenient(), byType{})
	e, ok := errors.AsType[*scim.Error](err)
	if !ok || e.Status != 413 {
		t.Errorf("got %v, want 413", err)
	}
}

// What was stored is taken as it is, but for its structure, on which PATCH relies.
func TestDecodeStoredTakesValuesAsTheyAre(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"userName":"kim","title":7,"active":"yes"}`: true,
		`{"title":"no name"}`:                         true,
		`{"userName":"kim","name":"Kim"}`:             false,
		`{"userName":"kim","emails":["k"]}`:           false,
		`{"userName":"kim","emails":"k"}`:             false,
		`{"userName":"kim","@E":"Sales"}`:             false,
		`{"userName":"kim"`:                           false,
	} {
		if _, err := scim.DecodeStored(scim.User(), []byte(expand(body))); (err == nil) != want {
			t.Errorf("%s: got error %v, want it read: %t", body, err, want)
		}
	}
}

func TestPasswordIsTakenAndNeverWritten(t *testing.T) {
	t.Parallel()
	r := user(t, `"password":"s3cret","title":"T"`)
	if got := string(r.Encode()); strings.Contains(got, "s3cret") || strings.Contains(got, "password") {
		t.Errorf("the password is written: %s", got)
	}
	if got, ok := r.TakePassword(); got != "s3cret" || !ok {
		t.Errorf("got %q, %t, want s3cret", got, ok)
	}
	if _, ok := r.TakePassword(); ok {
		t.Error("the password is there after it was taken")
	}
}

func TestCommonAttributes(t *testing.T) {
	t.Parallel()
	r := user(t, "")
	r.SetCommon("u1", scim.Meta{Created: at("2026-01-02T03:04:05.6789+01:00"), Modified: at("2026-02-01T00:00:00Z"), Location: "https://x/Users/u1", Version: `W/"2"`})
	want := `{"schemas":["@U"],"id":"u1","userName":"kim","meta":{"resourceType":"User","created":"2026-01-02T02:04:05.678Z","lastModified":"2026-02-01T00:00:00.000Z","location":"https://x/Users/u1","version":"W/\"2\""}}`
	if diff := diffJSON(t, string(r.Encode()), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestEncodeHasOneOrder(t *testing.T) {
	t.Parallel()
	a := user(t, `"title":"T","@E":{"department":"D","costCenter":"C"},"urn:example:b":{"z":1,"a":2},"urn:example:a":{"k":1},"name":{"givenName":"G","familyName":"F"}`)
	b := user(t, `"urn:example:a":{"k":1},"urn:example:b":{"a":2,"z":1},"NAME":{"familyName":"F","givenName":"G"},"@E":{"costCenter":"C","department":"D"},"title":"T"`)
	got, want := string(a.Encode()), expand(`{"schemas":["@U","@E","urn:example:a","urn:example:b"],"userName":"kim","name":{"familyName":"F","givenName":"G"},"title":"T","@E":{"costCenter":"C","department":"D"},"urn:example:a":{"k":1},"urn:example:b":{"a":2,"z":1}}`)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(string(b.Encode()), want); diff != "" {
		t.Errorf("another order of input (-got +want):\n%s", diff)
	}
}

func TestTextAtAnAttribute(t *testing.T) {
	t.Parallel()
	r := kim(t)
	for name, want := range map[string]string{
		"userName": "kim", "name.givenName": "Kim", "@E:manager.value": "m1", "title": "", "active": "", "emails.value": "", "meta.version": `W/"7"`, "@S:idpUserId": "",
	} {
		ref, ok := scim.User().Ref(expand(name))
		if !ok {
			t.Fatalf("%s does not exist", name)
		}
		if got := r.Text(ref); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if ref.Sub != nil && (ref.Whole().Sub != nil || ref.Whole().Part(ref.Sub.Name) != ref) {
			t.Errorf("%s: the whole and the part do not lead to each other", name)
		}
	}
}
