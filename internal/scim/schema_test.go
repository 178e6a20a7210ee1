package scim_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/scim"
)

func TestCharacteristicsOfAttributes(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"User userName":                         "string exact=false readWrite default server required",
		"User id":                               "string exact=true readOnly always server",
		"User externalId":                       "string exact=true readWrite default none",
		"User schemas":                          "reference exact=true readWrite always none required many",
		"User meta":                             "complex exact=false readOnly default none",
		"User meta.version":                     "string exact=true readOnly default none",
		"User meta.created":                     "dateTime exact=false readOnly default none",
		"User password":                         "string exact=true writeOnly never none",
		"User groups":                           "complex exact=false readOnly default none many",
		"User emails":                           "complex exact=false readWrite default none many",
		"User emails.value":                     "string exact=false readWrite default none",
		"User emails.primary":                   "boolean exact=false readWrite default none",
		"User profileUrl":                       "reference exact=true readWrite default none",
		"User x509Certificates.value":           "binary exact=true readWrite default none",
		"User manager.value":                    "string exact=true readWrite default none",
		"User manager.displayName":              "string exact=false readOnly default none",
		"User idpUserId":                        "string exact=true readWrite default none",
		"User isConcurrent":                     "boolean exact=false readWrite default none",
		"Group displayName":                     "string exact=false readWrite default server required",
		"Group members":                         "complex exact=false readWrite default none many",
		"Group members.value":                   "string exact=true immutable default none",
		"Group members.$ref":                    "reference exact=true immutable default none",
		"Group description":                     "string exact=false readWrite default none",
		"Group @R:roles.value":                  "string exact=true readWrite default none",
		"User cleanUpNotificationsNumberOfDays": "integer exact=false readWrite default none",
	}
	for name, want := range tests {
		kind, path, _ := strings.Cut(expand(name), " ")
		ref, ok := typeOf(kind).Ref(path)
		if !ok {
			t.Errorf("%s does not exist", name)
			continue
		}
		a := ref.Target()
		words := []string{string(a.Type), "exact=false", string(a.Mutability), string(a.Returned), string(a.Uniqueness)}
		if a.CaseExact {
			words[1] = "exact=true"
		}
		if a.Required {
			words = append(words, "required")
		}
		if a.MultiValued {
			words = append(words, "many")
		}
		if got := strings.Join(words, " "); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestNamesWithAndWithoutURN(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ name, want string }{
		"a plain name":                                {"userName", "userName"},
		"another case":                                {"USERNAME", "userName"},
		"a sub-attribute in another case":             {"Name.GIVENNAME", "name.givenName"},
		"a qualified core name":                       {"@U:userName", "userName"},
		"a qualified sub-attribute":                   {"@U:name.familyName", "name.familyName"},
		"a qualified common attribute":                {"@U:meta.lastModified", "meta.lastModified"},
		"an extension's attribute":                    {"@E:department", "@E:department"},
		"an extension's sub-attribute":                {"@E:manager.value", "@E:manager.value"},
		"a URN in another case":                       {"URN:IETF:params:scim:schemas:extension:Enterprise:2.0:user:Department", "@E:department"},
		"an extension's attribute without URN":        {"manager", "@E:manager"},
		"a dot after the URN (script 2666)":           {"@S.isConcurrent", "@S:isConcurrent"},
		"a core name comes before an extension's one": {"displayName", "displayName"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref, ok := scim.User().Ref(expand(tc.name))
			if !ok || ref.Name != expand(tc.want) {
				t.Errorf("got %v, %t, want %s", ref, ok, expand(tc.want))
			}
		})
	}
	for _, name := range []string{"", "nothing", "name.nothing", "@E:userName", "@U", "@G:displayName", "emails.", ".value", "üserName"} {
		if ref, ok := scim.User().Ref(expand(name)); ok {
			t.Errorf("%q: got %s, want nothing", name, ref.Name)
		}
	}
}

func TestSchemasHaveWhatTheRFCLists(t *testing.T) {
	t.Parallel()
	names := func(s *scim.Schema) string {
		var out []string
		for _, a := range s.Attributes {
			out = append(out, a.Name)
		}
		return strings.Join(out, " ")
	}
	got := map[string]string{"User": names(scim.User().Core), "Group": names(scim.Group().Core)}
	for _, s := range append(scim.User().Extensions, scim.Group().Extensions...) {
		got[s.URN] = names(s)
	}
	want := map[string]string{
		"User": "userName name displayName nickName profileUrl title userType preferredLanguage locale timezone active password " +
			"emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates",
		"Group":                "displayName members",
		scim.EnterpriseUserURN: "employeeNumber costCenter organization division department manager",
		scim.SACUserURN: "idpUserId dataAccessLanguage dateFormatting timeFormatting numberFormatting " +
			"cleanUpNotificationsNumberOfDays systemNotificationsEmailOptIn marketingEmailOptIn isConcurrent",
		scim.SACGroupURN:      "description",
		scim.SACGroupRolesURN: "roles",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	first := scim.User()
	if first != scim.User() || first.Core.Attribute("EMAILS").SubAttribute("VALUE") == nil {
		t.Error("the resource type is made anew or does not find its attributes")
	}
}
