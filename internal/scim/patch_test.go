package scim_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/scim"
)

const (
	work = `{"value":"k@work","type":"work","primary":true}`
	home = `{"value":"k@home","type":"home"}`
)

func TestPatchOfAUser(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before, operations string
		want               string // the attributes after, besides userName
	}{
		"op, keys and path in any case":    {`"title":"T"`, `{"OP":"Replace","PATH":"TITLE","VALUE":"U"}`, `"title":"U"`},
		"replace by null removes":          {`"title":"T","nickName":"N"`, `{"op":"replace","path":"title","value":null}`, `"nickName":"N"`},
		"replace by an empty list removes": {`"emails":[` + work + `]`, `{"op":"replace","path":"emails","value":[]}`, ``},
		"null in a path-less value":        {`"title":"T"`, `{"op":"replace","value":{"title":null,"nickName":"N"}}`, `"nickName":"N"`},
		"null for a part":                  {`"name":{"givenName":"G","familyName":"F"}`, `{"op":"replace","path":"name","value":{"givenName":null}}`, `"name":{"familyName":"F"}`},
		"add of null does nothing":         {`"title":"T"`, `{"op":"add","path":"title","value":null}`, `"title":"T"`},
		"a new primary clears the old": {
			`"emails":[` + work + `]`, `{"op":"add","path":"emails","value":[{"value":"n","primary":true}]}`,
			`"emails":[{"value":"k@work","type":"work","primary":false},{"value":"n","primary":true}]`,
		},
		"a new primary by a path clears the old": {
			`"emails":[` + work + `,` + home + `]`, `{"op":"replace","path":"emails[type eq \"home\"].primary","value":"True"}`,
			`"emails":[{"value":"k@work","type":"work","primary":false},{"value":"k@home","type":"home","primary":true}]`,
		},
		"schemas follows the data":             {`"@E":{"department":"D"}`, `{"op":"remove","path":"@E:department"}`, ``},
		"an operation on schemas does nothing": {``, `{"op":"add","path":"schemas","value":["@E"]}`, ``},
		"the own id in a path-less value":      {``, `{"op":"replace","value":{"id":"u1","title":"T"}}`, `"title":"T"`},
		"other readOnly attributes in a path-less value are ignored under the tolerance": {
			``, `{"op":"replace","value":{"schemas":["@U"],"meta":{"version":"x"},"groups":[{"value":"g"}],"title":"T"}}`, `"title":"T"`,
		},
		"each operation sees the one before": {
			``, `{"op":"add","path":"title","value":"T"},{"op":"remove","path":"title"},{"op":"add","path":"nickName","value":"N"}`, `"nickName":"N"`,
		},
		"add appends":              {`"emails":[` + work + `]`, `{"op":"add","path":"emails","value":[` + home + `]}`, `"emails":[` + work + `,` + home + `]`},
		"add of one without list":  {`"emails":[` + work + `]`, `{"op":"add","path":"emails","value":` + home + `}`, `"emails":[` + work + `,` + home + `]`},
		"add makes no duplicate":   {`"emails":[` + work + `]`, `{"op":"add","path":"emails","value":[{"value":"K@WORK"},{"value":"k@work","type":"Work"}]}`, `"emails":[{"value":"k@work","type":"Work","primary":true}]`},
		"add merges a complex one": {`"name":{"givenName":"G"}`, `{"op":"add","path":"name","value":{"familyName":"F"}}`, `"name":{"givenName":"G","familyName":"F"}`},
		"add replaces a single":    {`"title":"T"`, `{"op":"add","path":"title","value":"U"}`, `"title":"U"`},
		"add without path":         {`"emails":[` + work + `]`, `{"op":"add","value":{"emails":[` + home + `],"title":"T"}}`, `"title":"T","emails":[` + work + `,` + home + `]`},
		"replace of a complex one leaves what is not mentioned": {
			`"name":{"givenName":"G","familyName":"F"}`, `{"op":"replace","path":"name","value":{"familyName":"X"}}`, `"name":{"givenName":"G","familyName":"X"}`,
		},
		"replace of a multi-valued one replaces all": {`"emails":[` + work + `,` + home + `]`, `{"op":"replace","path":"emails","value":[{"value":"n"}]}`, `"emails":[{"value":"n"}]`},
		"replace with a value filter sets what it mentions, the rest stays": {
			`"emails":[` + work + `,` + home + `]`, `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n","display":"N"}}`,
			`"emails":[{"value":"n","type":"work","display":"N","primary":true},` + home + `]`,
		},
		"replace with a value filter and the value in a list": {
			`"emails":[` + work + `]`, `{"op":"replace","path":"emails[type eq \"work\"]","value":[{"value":"n"}]}`, `"emails":[{"value":"n","type":"work","primary":true}]`,
		},
		"replace of a part by a value filter": {
			`"emails":[` + work + `,` + home + `]`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"n"}`,
			`"emails":[{"value":"n","type":"work","primary":true},` + home + `]`,
		},
		"remove":                              {`"title":"T"`, `{"op":"remove","path":"title"}`, ``},
		"remove of what is absent":            {``, `{"op":"remove","path":"emails[type eq \"work\"]"}`, ``},
		"remove with a value list":            {`"emails":[` + work + `,` + home + `]`, `{"op":"Remove","path":"emails","value":[{"value":"K@home"}]}`, `"emails":[` + work + `]`},
		"an empty list takes nothing":         {`"emails":[` + work + `]`, `{"op":"remove","path":"emails","value":[]}`, `"emails":[` + work + `]`},
		"remove by a value filter":            {`"emails":[` + work + `,` + home + `]`, `{"op":"remove","path":"emails[type eq \"home\"]"}`, `"emails":[` + work + `]`},
		"remove of a part":                    {`"emails":[` + work + `]`, `{"op":"remove","path":"emails[type eq \"work\"].primary"}`, `"emails":[{"value":"k@work","type":"work"}]`},
		"remove of the value leaves no label": {`"emails":[` + work + `,` + home + `]`, `{"op":"remove","path":"emails[type eq \"work\"].value"}`, `"emails":[` + home + `]`},
		"remove of the last part":             {`"name":{"givenName":"G"}`, `{"op":"remove","path":"name.givenName"}`, ``},
		"the full grammar in a path": {
			`"addresses":[{"type":"work","country":"DE"},{"type":"home","country":"DE"}]`,
			`{"op":"replace","path":"addresses[TYPE eq \"Work\" and (country eq \"de\" or country eq \"at\")].locality","value":"Bonn"}`,
			`"addresses":[{"type":"work","country":"DE","locality":"Bonn"},{"type":"home","country":"DE"}]`,
		},
		"a qualified core path":             {``, `{"op":"add","path":"@U:title","value":"T"}`, `"title":"T"`},
		"a qualified extension path":        {``, `{"op":"replace","path":"@E:department","value":"D"}`, `"@E":{"department":"D"}`},
		"a bare extension URN merges":       {`"@E":{"department":"D"}`, `{"op":"replace","path":"@E","value":{"costCenter":"C"}}`, `"@E":{"department":"D","costCenter":"C"}`},
		"remove of an extension":            {`"@E":{"department":"D"}`, `{"op":"remove","path":"@E"}`, ``},
		"an extension in a path-less value": {`"@E":{"department":"D"}`, `{"op":"replace","value":{"@E":{"costCenter":"C","department":null}}}`, `"@E":{"costCenter":"C"}`},
		"keys with dots and URNs (Entra)":   {`"name":{"givenName":"G"}`, `{"op":"replace","value":{"displayName":"K","name.familyName":"L","@E:employeeNumber":"77"}}`, `"displayName":"K","name":{"givenName":"G","familyName":"L"},"@E":{"employeeNumber":"77"}`},
		"a dot after the URN (script 2666)": {``, `{"op":"replace","path":"@S.isConcurrent","value":false}`, `"@S":{"isConcurrent":false}`},
		"unknown keys in a path-less value": {``, `{"op":"replace","value":{"shoe":1,"title":"T"}}`, `"title":"T"`},
		"Entra: the default update": {
			`"displayName":"Kim","emails":[` + work + `]`,
			`{"op":"Replace","path":"displayName","value":"Kim L"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"k@contoso.example"},` +
				`{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1 555"},{"op":"Replace","path":"@E:employeeNumber","value":"77"},{"op":"Replace","path":"active","value":"False"}`,
			`"displayName":"Kim L","emails":[{"value":"k@contoso.example","type":"work","primary":true}],"phoneNumbers":[{"type":"mobile","value":"+1 555"}],"active":false,"@E":{"employeeNumber":"77"}`,
		},
		"Entra: several parts build one address": {
			``, `{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Bonn"},{"op":"Add","path":"addresses[type eq \"work\"].country","value":"DE"}`,
			`"addresses":[{"type":"work","locality":"Bonn","country":"DE"}]`,
		},
		"Entra: replace creates under the tolerance":   {``, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n"}`, `"emails":[{"type":"work","value":"n"}]`},
		"Entra: the primary role":                      {``, `{"op":"Add","path":"roles[primary eq \"True\"].value","value":"admin"}`, `"roles":[{"primary":true,"value":"admin"}]`},
		"Entra: the manager as text":                   {``, `{"op":"Add","path":"manager","value":"m1"}`, `"@E":{"manager":{"value":"m1"}}`},
		"Entra: the manager as list":                   {``, `{"op":"Add","path":"@E:manager","value":[{"$ref":"x","value":"m1"}]}`, `"@E":{"manager":{"$ref":"x","value":"m1"}}`},
		"Entra: the manager as object, his name shown": {``, `{"op":"Replace","path":"@E:manager","value":{"value":"m1","displayName":"B"}}`, `"@E":{"manager":{"value":"m1"}}`},
		"Entra: the manager goes":                      {`"@E":{"manager":{"value":"m"},"department":"D"}`, `{"op":"Remove","path":"@E:manager"}`, `"@E":{"department":"D"}`},
		"Entra: the URN without its colon":             {``, `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department","value":"D"}`, `"@E":{"department":"D"}`},
		"Entra: SAC's extension in its form":           {``, `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:sac:2.0:User:cleanUpNotificationsNumberOfDays","value":"-7"}`, `"` + scim.SACUserURN + `":{"cleanUpNotificationsNumberOfDays":-7}`},
		"an empty manager is nobody":                   {`"@E":{"manager":{"value":"m"}}`, `{"op":"replace","path":"@E:manager","value":""}`, ``},
		"Okta: deactivation":                           {`"active":true`, `{"op":"replace","value":{"active":false}}`, `"active":false`},
		"a unknown extension's attribute":              {`"urn:example:X":{"a":1}`, `{"op":"replace","path":"urn:example:x:A","value":[2,null]}`, `"urn:example:X":{"a":[2]}`},
		"an unknown extension that is new":             {``, `{"op":"add","path":"urn:example:ext:2.0:User:userUuid","value":"7"}`, `"urn:example:ext:2.0:User":{"userUuid":"7"}`},
		"an unknown extension as a whole":              {`"urn:example:X":{"a":1,"b":2}`, `{"op":"replace","value":{"urn:example:X":{"a":null,"c":{"d":1}}}}`, `"urn:example:X":{"b":2,"c":{"d":1}}`},
		"below an unknown extension":                   {`"urn:example:X":{"c":{"d":1,"e":2}}`, `{"op":"remove","path":"urn:example:X:c.d"},{"op":"add","path":"urn:example:X:l","value":["p"]},{"op":"add","path":"urn:example:X:l","value":["p","q"]}`, `"urn:example:X":{"c":{"e":2},"l":["p","q"]}`},
		"an unknown extension goes":                    {`"urn:example:X":{"a":1}`, `{"op":"remove","path":"urn:example:X"}`, ``},
		"an empty list of operations":                  {`"title":"T"`, ``, `"title":"T"`},
		"two elements made equal are one": {
			`"emails":[{"value":"a","type":"work"},{"value":"b","type":"work"},` + home + `]`, `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n"}}`,
			`"emails":[{"value":"n","type":"work"},` + home + `]`,
		},
		"replace where the filter says nothing by eq": {
			`"emails":[` + home + `]`, `{"op":"replace","path":"emails[value sw \"k\" or type pr]","value":{"value":"n"}}`, `"emails":[{"value":"n","type":"home"}]`,
		},
		"add with a filter of two conditions": {
			``, `{"op":"add","path":"addresses[type eq \"work\" and country eq \"DE\"]","value":{"locality":"Bonn"}}`, `"addresses":[{"type":"work","country":"DE","locality":"Bonn"}]`,
		},
		"remove with a list names an element by its parts": {
			`"addresses":[{"type":"work","country":"DE"},{"type":"home","country":"DE"}]`, `{"op":"remove","path":"addresses","value":[{"type":"WORK"}]}`, `"addresses":[{"type":"home","country":"DE"}]`,
		},
		"remove with a list minds the type that it names": {
			`"emails":[{"value":"a","type":"work"},{"value":"a","type":"home"}]`, `{"op":"remove","path":"emails","value":[{"value":"a","type":"home"}]}`, `"emails":[{"value":"a","type":"work"}]`,
		},
		"an unknown part of a complex value":     {`"name":{"givenName":"G"}`, `{"op":"replace","path":"name","value":{"nick":"x","givenName":"H"}}`, `"name":{"givenName":"H"}`},
		"add to an object of an unknown one":     {`"urn:example:X":{"c":{"d":1}}`, `{"op":"add","path":"urn:example:X:c","value":{"e":2}},{"op":"add","path":"urn:example:X:f.g","value":3}`, `"urn:example:X":{"c":{"d":1,"e":2},"f":{"g":3}}`},
		"add of one to a list of an unknown one": {`"urn:example:X":{"l":[1]}`, `{"op":"add","path":"urn:example:X:l","value":2},{"op":"remove","path":"urn:example:X:no.such"}`, `"urn:example:X":{"l":[1,2]}`},
		"a part of all values":                   {`"emails":[` + work + `,` + home + `]`, `{"op":"replace","path":"emails.display","value":"K"}`, `"emails":[{"value":"k@work","type":"work","primary":true,"display":"K"},{"value":"k@home","type":"home","display":"K"}]`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := user(t, tc.before)
			before.Attrs["id"] = "u1"
			was := string(before.Encode())
			got, err := patch(before, scim.Lenient(), tc.operations)
			if err != nil {
				t.Fatal(err)
			}
			want := user(t, tc.want)
			want.Attrs["id"] = "u1"
			if diff := cmp.Diff(string(got.Resource.Encode()), string(want.Encode())); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if now := string(before.Encode()); now != was {
				t.Errorf("the resource before was changed to %s", now)
			}
			if same := string(got.Resource.Encode()) == was; same != (len(got.Changed) == 0) {
				t.Errorf("got changed %q", got.Changed)
			}
		})
	}
}

func TestPatchIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		operations string
		want       scim.ErrorType
		word       string
	}{
		"a readOnly path":                        {`{"op":"replace","path":"groups","value":[{"value":"g"}]}`, scim.Mutability, "groups is readOnly"},
		"meta":                                   {`{"op":"add","path":"meta.version","value":"x"}`, scim.Mutability, "meta.version is readOnly"},
		"the id by its path":                     {`{"op":"replace","path":"id","value":"u1"}`, scim.Mutability, "id is readOnly"},
		"another id in a path-less value":        {`{"op":"replace","value":{"id":"u2"}}`, scim.Mutability, "id is readOnly"},
		"a readOnly one in a path-less value":    {`{"op":"replace","value":{"meta":{"version":"1"}}}`, scim.Mutability, "meta is readOnly"},
		"a readOnly part":                        {`{"op":"replace","path":"@E:manager.displayName","value":"B"}`, scim.Mutability, "displayName is readOnly"},
		"replace without a match":                {`{"op":"replace","path":"emails[type eq \"fax\"].value","value":"n"}`, scim.NoTarget, "matches no value of emails"},
		"add where no element can be made":       {`{"op":"add","path":"emails[type eq \"fax\" or type eq \"x\"].value","value":"n"}`, scim.NoTarget, "none can be made"},
		"remove without path":                    {`{"op":"remove"}`, scim.NoTarget, "remove has no path"},
		"remove of a required one":               {`{"op":"remove","path":"userName"}`, scim.Mutability, "userName is required"},
		"replace of one by null":                 {`{"op":"replace","path":"userName","value":null}`, scim.Mutability, "userName is required"},
		"replace of one by nothing":              {`{"op":"replace","path":"userName","value":""}`, scim.InvalidValue, "userName is required"},
		"remove of the core schema":              {`{"op":"remove","path":"@U"}`, scim.Mutability, "cannot be removed"},
		"remove of schemas":                      {`{"op":"remove","path":"schemas"}`, scim.Mutability, "schemas is required"},
		"an unknown path":                        {`{"op":"add","path":"shoe","value":"x"}`, scim.InvalidPath, `"shoe"`},
		"an unknown part":                        {`{"op":"add","path":"name.shoe","value":"x"}`, scim.InvalidPath, `"name.shoe"`},
		"an unknown name in an extension":        {`{"op":"add","path":"@E:shoe","value":"x"}`, scim.InvalidPath, "shoe"},
		"another type's schema":                  {`{"op":"add","path":"@G:displayName","value":"x"}`, scim.InvalidPath, "displayName"},
		"a malformed path":                       {`{"op":"add","path":"emails[type eq ].value","value":"x"}`, scim.InvalidPath, "column"},
		"a bracket that stays open":              {`{"op":"add","path":"emails[type eq \"x\"","value":"x"}`, scim.InvalidPath, "closing bracket"},
		"text after the path":                    {`{"op":"add","path":"emails[type eq \"x\"].value y","value":"x"}`, scim.InvalidPath, "end of the path"},
		"a filter on one value":                  {`{"op":"add","path":"name[givenName eq \"x\"].familyName","value":"x"}`, scim.InvalidPath, "has one value"},
		"a path that is no text":                 {`{"op":"add","path":1,"value":"x"}`, scim.InvalidPath, "path is a number"},
		"no op":                                  {`{"path":"title","value":"x"}`, scim.InvalidSyntax, "op is missing"},
		"an unknown op":                          {`{"op":"move","path":"title","value":"x"}`, scim.InvalidSyntax, `op is "move"`},
		"no value":                               {`{"op":"add","path":"title"}`, scim.InvalidValue, "add has no value"},
		"a value of the wrong type":              {`{"op":"replace","path":"active","value":"sometimes"}`, scim.InvalidValue, "active is a string, a boolean"},
		"a value of the wrong type without path": {`{"op":"replace","value":{"name":"Kim"}}`, scim.InvalidValue, "name is a string"},
		"text without path":                      {`{"op":"replace","value":"x"}`, scim.InvalidValue, "an object is expected where there is no path"},
		"an operation that is no object":         {`"add"`, scim.InvalidSyntax, "it is a string"},
		"two primaries at once":                  {`{"op":"add","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, scim.InvalidValue, "several primary"},
		"unknown keys where all is strict":       {`{"op":"replace","value":{"shoe":1}}`, scim.InvalidPath, "shoe"},
		"an extension that is no object":         {`{"op":"replace","path":"@E","value":"x"}`, scim.InvalidValue, "an object is expected"},
		"a URN without attribute":                {`{"op":"replace","path":"urn:x","value":"x"}`, scim.InvalidPath, "urn:x"},
		"an unknown extension nested too deep":   {`{"op":"add","path":"urn:example:x:` + strings.Repeat("a.", 40) + `a","value":1}`, scim.InvalidValue, "deeper"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := user(t, `"emails":[`+work+`]`)
			r.Attrs["id"] = "u1"
			_, err := patch(r, scim.Tolerance{}, `{"op":"add","path":"title","value":"T"},`+tc.operations)
			if strings.HasPrefix(name, "replace of one by nothing") {
				wantError(t, err, tc.want, tc.word)
				return
			}
			wantError(t, err, tc.want, "operation 2: ", tc.word)
		})
	}
}

func TestTheEnvelopeOfAPatch(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want scim.ErrorType
		word string
	}{
		"no schemas":               {`{"Operations":[]}`, scim.InvalidValue, "schemas does not name"},
		"other schemas":            {`{"schemas":["@U"],"Operations":[]}`, scim.InvalidValue, "schemas does not name"},
		"no Operations":            {`{"schemas":["@P"]}`, scim.InvalidSyntax, "Operations is missing"},
		"Operations that are null": {`{"schemas":["@P"],"Operations":null}`, scim.InvalidSyntax, "Operations is missing"},
		"Operations as an object":  {`{"schemas":["@P"],"Operations":{}}`, scim.InvalidSyntax, "Operations is an object"},
		"no document":              {``, scim.InvalidSyntax, "ends early"},
	}
	for name, tc := range tests {
		_, err := scim.DecodePatch(scim.User(), []byte(expand(tc.body)), limit, scim.Tolerance{}, byType{})
		if err == nil {
			t.Errorf("%s: got no error", name)
			continue
		}
		wantError(t, err, tc.want, tc.word)
	}
	_, err := scim.DecodePatch(scim.User(), []byte(expand(`{"schemas":["@P"],"Operations":[]}`)), limit, scim.Tolerance{}, byType{})
	wantError(t, err, scim.InvalidSyntax, "Operations is empty") // trial 17
	p, err := scim.DecodePatch(scim.User(), []byte(expand(`{"SCHEMAS":["@P"],"operations":[]}`)), limit, scim.Tolerance{EmptyOperations: true}, byType{})
	if err != nil || len(p.Operations) != 0 {
		t.Errorf("an empty list of operations: got %v, %v", p, err)
	}
}

func TestMembershipIsHandedOver(t *testing.T) {
	t.Parallel()
	one := func(ids ...string) []scim.Member {
		var out []scim.Member
		for _, id := range ids {
			out = append(out, scim.Member{Value: id})
		}
		return out
	}
	tests := map[string]struct {
		operations string
		want       []scim.MemberOp
		changed    []string
		mixed      bool // changes something else too, or nobody
	}{
		"Entra adds":                   {operations: `{"op":"Add","path":"members","value":[{"$ref":null,"value":"u1"}]}`, want: []scim.MemberOp{{Kind: scim.AddMembers, Members: one("u1")}}},
		"Entra removes":                {operations: `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u1"}]}`, want: []scim.MemberOp{{Kind: scim.RemoveMembers, Members: one("u1")}}},
		"Entra removes by a path":      {operations: `{"op":"remove","path":"members[value eq \"u1\"]"}`, want: []scim.MemberOp{{Kind: scim.RemoveMembers, Members: one("u1")}}},
		"several in one path":          {operations: `{"op":"remove","path":"members[value eq \"u1\" or VALUE EQ \"u2\"]"}`, want: []scim.MemberOp{{Kind: scim.RemoveMembers, Members: one("u1", "u2")}}},
		"all go":                       {operations: `{"op":"remove","path":"members"}`, want: []scim.MemberOp{{Kind: scim.ClearMembers}}},
		"an empty list":                {operations: `{"op":"remove","path":"members","value":[]}`, mixed: true},
		"Okta's two steps":             {operations: `{"op":"remove","path":"members[value eq \"u1\"]"},{"op":"add","path":"members","value":[{"value":"u2","display":"k","type":"User"}]}`, want: []scim.MemberOp{{Kind: scim.RemoveMembers, Members: one("u1")}, {Kind: scim.AddMembers, Members: []scim.Member{{Value: "u2", Display: "k", Type: "User"}}}}},
		"Okta's full push":             {operations: `{"op":"replace","path":"members","value":[{"value":"u1"},{"value":"u2"}]}`, want: []scim.MemberOp{{Kind: scim.ReplaceMembers, Members: one("u1", "u2")}}},
		"an empty push clears":         {operations: `{"op":"replace","path":"members","value":[]}`, want: []scim.MemberOp{{Kind: scim.ClearMembers}}},
		"no path":                      {operations: `{"op":"add","value":{"members":[{"value":"u1"}]}}`, want: []scim.MemberOp{{Kind: scim.AddMembers, Members: one("u1")}}},
		"no path, replace by nothing":  {operations: `{"op":"replace","value":{"members":[]}}`, want: []scim.MemberOp{{Kind: scim.ClearMembers}}},
		"neighbours join":              {operations: `{"op":"add","path":"members","value":[{"value":"u1"}]},{"op":"add","path":"members","value":[{"value":"u2"}]},{"op":"remove","path":"members[value eq \"u3\"]"},{"op":"remove","path":"members[value eq \"u4\"]"}`, want: []scim.MemberOp{{Kind: scim.AddMembers, Members: one("u1", "u2")}, {Kind: scim.RemoveMembers, Members: one("u3", "u4")}}},
		"a bare id":                    {operations: `{"op":"add","path":"members","value":["u1"]}`, want: []scim.MemberOp{{Kind: scim.AddMembers, Members: one("u1")}}},
		"one without list":             {operations: `{"op":"remove","path":"members","value":{"value":"u1"}}`, want: []scim.MemberOp{{Kind: scim.RemoveMembers, Members: one("u1")}}},
		"null for the value":           {operations: `{"op":"replace","path":"members","value":null}`, want: []scim.MemberOp{{Kind: scim.ClearMembers}}},
		"add on a path":                {operations: `{"op":"add","path":"members[value eq \"u1\"]","value":{"type":"User"}}`, want: []scim.MemberOp{{Kind: scim.AddMembers, Members: []scim.Member{{Value: "u1", Type: "User"}}}}},
		"a qualified path":             {operations: `{"op":"remove","path":"@G:members[value eq \"u1\"]"}`, want: []scim.MemberOp{{Kind: scim.RemoveMembers, Members: one("u1")}}},
		"with another attribute":       {operations: `{"op":"replace","value":{"displayName":"New","members":[{"value":"u1"}]}}`, want: []scim.MemberOp{{Kind: scim.ReplaceMembers, Members: one("u1")}}, changed: []string{"displayName"}, mixed: true},
		"authentik: the whole group":   {operations: `{"op":"replace","value":{"schemas":["@G"],"id":"g1","externalId":"e","displayName":"Sales"}}`, changed: []string{"externalId"}, mixed: true},
		"order of different kinds":     {operations: `{"op":"remove","path":"members"},{"op":"add","path":"members","value":[{"value":"u1"}]}`, want: []scim.MemberOp{{Kind: scim.ClearMembers}, {Kind: scim.AddMembers, Members: one("u1")}}},
		"an id in quotes with escapes": {operations: `{"op":"add","path":"members","value":[{"value":"a\"\u00e9"}]}`, want: []scim.MemberOp{{Kind: scim.AddMembers, Members: one(`a"é`)}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := group(t)
			g.Attrs["id"] = "g1"
			got, err := patch(g, scim.Lenient(), tc.operations)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Members, tc.want, byName()); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if diff := cmp.Diff(got.Changed, tc.changed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changed (-got +want):\n%s", diff)
			}
			p, err := scim.DecodePatch(scim.Group(), []byte(expand(`{"schemas":["@P"],"Operations":[`+tc.operations+`]}`)), limit, scim.Lenient(), byType{})
			if err != nil {
				t.Fatal(err)
			}
			ops, ok := p.Membership()
			if ok == tc.mixed {
				t.Errorf("it changes members and nothing else: got %t, want %t", ok, !tc.mixed)
			}
			if diff := cmp.Diff(ops, tc.want, byName()); ok && diff != "" {
				t.Errorf("without the group (-got +want):\n%s", diff)
			}
		})
	}
}

func TestMembersAreImmutable(t *testing.T) {
	t.Parallel()
	for name, operations := range map[string]string{
		"the value by a path":           `{"op":"replace","path":"members[value eq \"u1\"].value","value":"u2"}`,
		"a member replaced by another":  `{"op":"replace","path":"members[value eq \"u1\"]","value":{"value":"u2"}}`,
		"a part of all":                 `{"op":"replace","path":"members.display","value":"x"}`,
		"remove of a part":              `{"op":"remove","path":"members[value eq \"u1\"].display"}`,
		"add that names somebody else":  `{"op":"add","path":"members[value eq \"u1\"]","value":{"value":"u2"}}`,
		"add on a filter without value": `{"op":"add","path":"members[type eq \"User\" or value eq \"x\"]","value":{"value":"u2"}}`,
	} {
		_, err := patch(group(t), scim.Tolerance{}, operations)
		if err == nil {
			t.Errorf("%s: got no error", name)
			continue
		}
		wantError(t, err, scim.Mutability, "immutable")
	}
}

func TestRemoveWhereIsEvaluatedByTheStore(t *testing.T) {
	t.Parallel()
	got, err := patch(group(t), scim.Tolerance{}, `{"op":"remove","path":"members[type eq \"Group\" and not (value eq \"g2\")]"}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Members) != 1 || got.Members[0].Kind != scim.RemoveWhere {
		t.Fatalf("got %+v, want one RemoveWhere", got.Members)
	}
	for _, tc := range []struct {
		member scim.Member
		want   bool
	}{{scim.Member{Value: "g1", Type: "group"}, true}, {scim.Member{Value: "g2", Type: "Group"}, false}, {scim.Member{Value: "u1", Type: "User"}, false}, {scim.Member{Value: "x"}, false}} {
		if got := scim.MatchMember(got.Members[0].Where, tc.member); got != tc.want {
			t.Errorf("%+v: got %t, want %t", tc.member, got, tc.want)
		}
	}
}
