package scimserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sacbridge/internal/scim"
)

// Profile names a set of switches that fits a kind of identity provider.
type Profile string

// The profiles. The empty one is ProfileDefault.
const (
	ProfileDefault Profile = "default" // every tolerant reading that does not contradict the RFC
	ProfileEntra   Profile = "entra"   // Microsoft Entra ID
	ProfileOkta    Profile = "okta"    // Okta, both kinds of integration
	ProfileIPS     Profile = "ips"     // SAP Cloud Identity Services, Identity Provisioning
	ProfileStrict  Profile = "strict"  // the RFC to the letter
)

// Profiles lists the profiles in the order of the documentation.
func Profiles() []Profile {
	return []Profile{ProfileDefault, ProfileEntra, ProfileOkta, ProfileIPS, ProfileStrict}
}

// Switches is how a source reads what the RFC forbids or leaves open.
type Switches struct {
	scim.Tolerance
	// GroupPatchBody answers 200 with the group to a PATCH, instead of 204, where it has few members.
	GroupPatchBody bool
	// UserPatchEmpty answers 204 to a PATCH of a user, instead of 200 with the user.
	UserPatchEmpty bool
	// DropUnknownMembers leaves out members that the source does not hold, instead of refusing the request.
	DropUnknownMembers bool
	// ActiveByDefault makes a user active that is created without active (RFC 7644 §3.3 leaves defaults to the server).
	ActiveByDefault bool
	// UniqueExternalID refuses an externalId that another resource of the type holds.
	UniqueExternalID bool
	// AnnouncePaging tells of cursor paging in ServiceProviderConfig (RFC 9865 §3).
	AnnouncePaging bool
	// RequireMatch refuses PUT, PATCH and DELETE without If-Match (428, RFC 6585 §3).
	RequireMatch bool
	// AnyContentType reads a body whatever its Content-Type says, instead of answering 415.
	AnyContentType bool
}

// Switch documents one switch of a profile.
type Switch struct {
	Name  string // as in the configuration
	Means string // what the switch does where it is on
	at    func(*Switches) *bool
}

// AllSwitches lists every switch, in the order of the documentation.
func AllSwitches() []Switch {
	return []Switch{
		{"boolean_strings", "`\"True\"` and `\"False\"`, in any case, are booleans, and a text of digits is a number where one belongs", func(s *Switches) *bool { return &s.BooleanStrings }},
		{"schemas_optional", "a body may lack `schemas` or the resource type's own URN", func(s *Switches) *bool { return &s.SchemasOptional }},
		{"legacy_urns", "URNs of the drafts, of SCIM 1.1, and Entra's with the missing colon are understood", func(s *Switches) *bool { return &s.LegacyURNs }},
		{"ignore_unknown", "attributes that no schema has are left out of bodies and path-less PATCH values; else 400", func(s *Switches) *bool { return &s.IgnoreUnknown }},
		{"ignore_read_only", "readOnly attributes in path-less PATCH values are left out; else 400 `mutability` (an equal `id` passes always)", func(s *Switches) *bool { return &s.IgnoreReadOnly }},
		{"unwrap_singular", "`[{\"value\": x}]` is read as x where one value belongs", func(s *Switches) *bool { return &s.UnwrapSingular }},
		{"wrap_multi_valued", "one bare value is read as a list of one where a list belongs", func(s *Switches) *bool { return &s.WrapMultiValued }},
		{"bare_values", "a manager, member or role may be given as its id alone, a manager as `managerId`, the display of a member or a role as `displayName`", func(s *Switches) *bool { return &s.BareValues }},
		{"unquoted_values", "filter values may lack their quotes", func(s *Switches) *bool { return &s.UnquotedValues }},
		{"create_on_replace", "`replace` on a value filter without a match creates the element; else 400 `noTarget`", func(s *Switches) *bool { return &s.CreateOnReplace }},
		{"json_text", "an object or a list may arrive as JSON in a string, as Entra sends roles; else 400", func(s *Switches) *bool { return &s.JSONText }},
		{"empty_operations", "a PATCH or a Bulk may have no operation; else 400", func(s *Switches) *bool { return &s.EmptyOperations }},
		{"reduce_primaries", "of several values marked primary the first stays; else 400", func(s *Switches) *bool { return &s.ReducePrimaries }},
		{"group_patch_body", "PATCH of a group with at most 100 members answers 200 with the group; else 204", func(s *Switches) *bool { return &s.GroupPatchBody }},
		{"user_patch_empty", "PATCH of a user answers 204; else 200 with the user", func(s *Switches) *bool { return &s.UserPatchEmpty }},
		{"drop_unknown_members", "members that the source does not hold are left out; else 400 `invalidValue`", func(s *Switches) *bool { return &s.DropUnknownMembers }},
		{"active_by_default", "a user that is created without `active` has it as `true`; else it has no such attribute", func(s *Switches) *bool { return &s.ActiveByDefault }},
		{"unique_external_id", "an `externalId` belongs to one user and one group at most; else it may repeat", func(s *Switches) *bool { return &s.UniqueExternalID }},
		{"announce_paging", "`ServiceProviderConfig` has the `pagination` block of RFC 9865 (some clients refuse attributes they don't know)", func(s *Switches) *bool { return &s.AnnouncePaging }},
		{"require_match", "PUT, PATCH and DELETE need `If-Match`; without it 428", func(s *Switches) *bool { return &s.RequireMatch }},
		{"any_content_type", "a body is read whatever its `Content-Type`; else 415", func(s *Switches) *bool { return &s.AnyContentType }},
	}
}

// SwitchesOf gives the switches of a profile with single ones overridden by name. It refuses names it
// does not know.
func SwitchesOf(p Profile, overrides map[string]bool) (Switches, error) {
	s, ok := profile(p)
	if !ok {
		return Switches{}, fmt.Errorf("unknown profile %q: one of %v", p, Profiles())
	}
	all := AllSwitches()
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		at := slices.IndexFunc(all, func(w Switch) bool { return w.Name == name })
		if at < 0 {
			return Switches{}, fmt.Errorf("unknown switch %q: one of %s", name, strings.Join(switchNames(all), ", "))
		}
		*all[at].at(&s) = overrides[name]
	}
	return s, nil
}

func profile(p Profile) (Switches, bool) {
	s := Switches{Tolerance: scim.Lenient(), ActiveByDefault: true}
	// RFC 7644 §3.5.2.3 demands noTarget, so only Entra, which sends it, has it otherwise.
	s.CreateOnReplace = false
	switch p {
	case "", ProfileDefault:
		s.AnyContentType = true
		// RFC 7644 §3.5.2 allows 200 and 204; clients that don't say who they are expect the resource.
		s.GroupPatchBody = true
	case ProfileEntra:
		s.CreateOnReplace = true
	case ProfileOkta:
	case ProfileIPS:
		// Group assignments arrive while people outside its filter were never written.
		s.DropUnknownMembers = true
	case ProfileStrict:
		return Switches{AnnouncePaging: true, GroupPatchBody: true, ActiveByDefault: true}, true
	default:
		return Switches{}, false
	}
	return s, true
}

func switchNames(all []Switch) []string {
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = w.Name
	}
	return names
}
