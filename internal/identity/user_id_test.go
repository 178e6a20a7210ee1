package identity_test

import (
	"strings"
	"testing"

	"sacbridge/internal/identity"
)

// TestTrial1AssignedUserID is about user IDs that a tenant would not keep (sac-api.md §7.3, §8 and §23.5).
func TestTrial1AssignedUserID(t *testing.T) {
	t.Parallel()
	neo := func(sso string) identity.Tenant { return identity.Tenant{Platform: identity.PlatformNEO, SSO: sso} }
	cf := identity.Tenant{Platform: identity.PlatformCF, SSO: identity.SSOEmail}
	tests := map[string]struct {
		tenant   identity.Tenant
		id, mail string
		want     string
	}{
		"capitals, digits and _ are kept by v1":           {neo("userid"), "ANNA_1", "a@x.example", "ANNA_1"},
		"a point goes":                                    {neo("default"), "JOHN.DOE", "j@x.example", "JOHNDOE"},
		"a hyphen goes":                                   {neo("custom"), "A-B", "j@x.example", "AB"},
		"a letter beyond A to Z goes":                     {neo("userid"), "Ä1", "j@x.example", "1"},
		"blanks go":                                       {neo("userid"), "JOHN DOE", "j@x.example", "JOHNDOE"},
		"quotes go":                                       {neo("email"), "O'NEIL", "j@x.example", "ONEIL"},
		"what follows an @ goes":                          {neo("default"), "A@B", "j@x.example", "A"},
		"under userid an @ is refused":                    {neo("userid"), "A@B", "j@x.example", ""},
		"under email an @ in the ID cuts it, too":         {neo("email"), "A@B", "j@x.example", "A"},
		"signs go":                                        {neo("custom"), "A+/?#%", "j@x.example", "A"},
		"an emoji goes":                                   {neo("userid"), "A😀", "j@x.example", "A"},
		"nothing is left":                                 {neo("userid"), "...", "j@x.example", ""},
		"small letters become capitals":                   {neo("userid"), "anna", "j@x.example", "ANNA"},
		"under email v1 derives from an e-mail without @": {neo("email"), "ANNA", "other", "OTHER"},
		"v1 by choice of the configuration":               {identity.Tenant{Platform: "cf", SSO: "userid", OnlyV1: true}, "A.B", "j@x.example", "AB"},
		"v2 keeps a point":                                {cf, "JOHN.DOE", "j@x.example", "JOHN.DOE"},
		"v2 keeps a hyphen":                               {cf, "A-B", "j@x.example", "A-B"},
		"v2 makes capitals":                               {cf, "anna", "j@x.example", "ANNA"},
		"v2 refuses small letters under userid":           {identity.Tenant{Platform: "cf", SSO: "userid"}, "anna", "j@x.example", ""},
		"v2 refuses a blank":                              {cf, "JOHN DOE", "j@x.example", ""},
		"v2 refuses a blank that is no space":             {cf, "JOHN\u00a0DOE", "j@x.example", ""},
		"v2 refuses a quote":                              {cf, `A"B`, "j@x.example", ""},
		"v2 refuses a slash":                              {cf, "A/B", "j@x.example", ""},
		"v2 refuses a backslash":                          {cf, `A\B`, "j@x.example", ""},
		"v2 refuses what cannot be seen":                  {cf, "A\u200bB", "j@x.example", ""},
		"v2 refuses a line end":                           {cf, "A\nB", "j@x.example", ""},
		"nobody is called nothing":                        {cf, "", "j@x.example", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.tenant.AssignedUserID(tt.id, tt.mail); got != tt.want {
				t.Errorf("AssignedUserID(%q, %q) = %q, want %q", tt.id, tt.mail, got, tt.want)
			}
			if identity.IsPlainUserID(tt.id) && strings.Contains(tt.mail, "@") && tt.want != tt.id {
				t.Errorf("%q is plain and not kept", tt.id)
			}
		})
	}
}

// TestTrial1TakesTeamName is about team names that no path can hold.
func TestTrial1TakesTeamName(t *testing.T) {
	t.Parallel()
	neo, cf := identity.Tenant{Platform: identity.PlatformNEO}, identity.Tenant{Platform: identity.PlatformCF}
	for name, want := range map[string]struct{ v1, v2 bool }{
		"Finance": {true, true}, "A/B": {true, true}, "...": {true, true}, "Ä 1?#%": {true, true},
		".": {false, true}, "..": {false, true}, "": {}, "  ": {}, "A\nB": {},
	} {
		if got := neo.TakesTeamName(name); got != want.v1 {
			t.Errorf("v1, %q: %v", name, got)
		}
		if got := cf.TakesTeamName(name); got != want.v2 {
			t.Errorf("v2, %q: %v", name, got)
		}
	}
}
