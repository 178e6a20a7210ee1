package scim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/scim"
)

func TestProjection(t *testing.T) {
	t.Parallel()
	const full = `"title":"T","password":"p","name":{"givenName":"G","familyName":"F"},"emails":[{"value":"a","type":"work"},{"type":"home","display":"h"}],
		"@E":{"department":"D","manager":{"value":"m"}},"urn:example:X":{"a":1,"b":2}`
	tests := map[string]struct{ attributes, excluded, want string }{
		"the default set": {want: `{"schemas":["@U","@E","urn:example:X"],"id":"u1","userName":"kim","title":"T","name":{"givenName":"G","familyName":"F"},` +
			`"emails":[{"value":"a","type":"work"},{"type":"home","display":"h"}],"meta":{"resourceType":"User"},"@E":{"department":"D","manager":{"value":"m"}},"urn:example:X":{"a":1,"b":2}}`},
		"asked for and always only":              {attributes: "userName", want: `{"schemas":["@U"],"id":"u1","userName":"kim"}`},
		"meta where it is asked for":             {attributes: "meta", want: `{"schemas":["@U"],"id":"u1","meta":{"resourceType":"User"}}`},
		"the id cannot be excluded":              {excluded: "id,name,emails,meta,@E,urn:example:X", want: `{"schemas":["@U"],"id":"u1","userName":"kim","title":"T"}`},
		"never the password":                     {attributes: "password", want: `{"schemas":["@U"],"id":"u1"}`},
		"in any case, blanks around":             {attributes: " USERNAME , Title", want: `{"schemas":["@U"],"id":"u1","userName":"kim","title":"T"}`},
		"a part":                                 {attributes: "name.givenName", want: `{"schemas":["@U"],"id":"u1","name":{"givenName":"G"}}`},
		"a part of several values":               {attributes: "emails.value", want: `{"schemas":["@U"],"id":"u1","emails":[{"value":"a"}]}`},
		"a part excluded":                        {excluded: "name.givenName,emails.type,meta,@E,urn:example:X,title", want: `{"schemas":["@U"],"id":"u1","userName":"kim","name":{"familyName":"F"},"emails":[{"value":"a"},{"display":"h"}]}`},
		"a qualified name":                       {attributes: "@U:userName,@E:department", want: `{"schemas":["@U","@E"],"id":"u1","userName":"kim","@E":{"department":"D"}}`},
		"a qualified part":                       {attributes: "@E:manager.value", want: `{"schemas":["@U","@E"],"id":"u1","@E":{"manager":{"value":"m"}}}`},
		"a whole extension":                      {attributes: "@E", want: `{"schemas":["@U","@E"],"id":"u1","@E":{"department":"D","manager":{"value":"m"}}}`},
		"a foreign extension":                    {attributes: "URN:example:x", want: `{"schemas":["@U","urn:example:X"],"id":"u1","urn:example:X":{"a":1,"b":2}}`},
		"an attribute of a foreign extension":    {attributes: "urn:example:X:b", want: `{"schemas":["@U","urn:example:X"],"id":"u1","urn:example:X":{"b":2}}`},
		"an attribute of a foreign one excluded": {excluded: "urn:example:X:b,@U", want: `{"schemas":["@U","@E","urn:example:X"],"id":"u1","@E":{"department":"D","manager":{"value":"m"}},"urn:example:X":{"a":1}}`},
		"a value filter is skipped (Entra)":      {attributes: `emails[type eq "work, or not"],title`, want: `{"schemas":["@U"],"id":"u1","title":"T","emails":[{"value":"a","type":"work"},{"type":"home","display":"h"}]}`},
		"an unknown name selects nothing":        {attributes: "shoe", want: `{"schemas":["@U"],"id":"u1"}`},
		"the whole and a part together":          {attributes: "name,name.givenName", want: `{"schemas":["@U"],"id":"u1","name":{"givenName":"G","familyName":"F"}}`},
		"both parts of a name make it":           {attributes: "name.familyName,name.givenName", want: `{"schemas":["@U"],"id":"u1","name":{"givenName":"G","familyName":"F"}}`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := user(t, full)
			r.SetCommon("u1", scim.Meta{})
			was := r.Clone()
			p, err := scim.ParseProjection(scim.User(), expand(tc.attributes), expand(tc.excluded))
			if err != nil {
				t.Fatal(err)
			}
			got := scim.Project(r, p)
			if diff := diffJSON(t, string(got.Encode()), tc.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if diff := cmp.Diff(r.Attrs, was.Attrs); diff != "" {
				t.Errorf("the resource was changed (-got +want):\n%s", diff)
			}
		})
	}
	_, err := scim.ParseProjection(scim.User(), "title", "name")
	wantError(t, err, scim.InvalidValue, "cannot be combined")
}

func TestProjectionOfMembers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		attributes, excluded string
		wants                bool
		want                 string
	}{
		"the default set":  {"", "", true, `[{"value":"u1","display":"K","type":"User"}]`},
		"excluded (Entra)": {"", "members", false, ``},
		"only the id":      {"id", "", false, ``},
		"only the values":  {"members.value", "", true, `[{"value":"u1"}]`},
		"a part excluded":  {"", "members.display", true, `[{"value":"u1","type":"User"}]`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := decode(t, scim.Group(), `{"schemas":["@G"],"displayName":"S","members":[{"value":"u1","display":"K","type":"User"}]}`)
			p, err := scim.ParseProjection(scim.Group(), tc.attributes, tc.excluded)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Wants("members"); got != tc.wants {
				t.Errorf("got wants %t, want %t", got, tc.wants)
			}
			want := group(t)
			if tc.want != "" {
				want = decode(t, scim.Group(), `{"schemas":["@G"],"displayName":"S","members":`+tc.want+`}`)
			}
			if diff := cmp.Diff(scim.Project(g, p).Members, want.Members); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
	var none *scim.Projection
	if !none.Wants("groups") || none.Wants("password") || none.Wants("shoe") {
		t.Error("the default set wants groups, neither the password nor what does not exist")
	}
}
