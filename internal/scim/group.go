package scim

import "sync"

// The URNs of a group's schemas. The last two are SAC's own.
const (
	GroupURN         = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SACGroupURN      = "urn:sap:params:scim:schemas:extension:sac:2.0:group-custom-parameters"
	SACGroupRolesURN = "urn:sap:params:scim:schemas:extension:sac:2.0:group-roles"
)

var groupType = sync.OnceValue(func() *ResourceType {
	t := &ResourceType{
		Name: "Group", Endpoint: "/Groups", Description: "A group of people and groups.",
		Core: coreGroup(), Extensions: []*Schema{sacGroup(), sacGroupRoles()}, Common: common(),
	}
	t.buildIndex(map[string]string{
		"urn:scim:schemas:core:1.0":       GroupURN,
		"urn:scim:schemas:core:2.0":       GroupURN,
		"urn:scim:schemas:core:2.0:Group": GroupURN,
		// The form that Entra asks for.
		"urn:ietf:params:scim:schemas:extension:sac:2.0:Group": SACGroupURN,
	})
	return t
})

// Group is the resource type of groups: RFC 7643 §4.2 and SAC's extensions.
func Group() *ResourceType { return groupType() }

func coreGroup() *Schema {
	ref := reference("$ref", "The address of the member.", "User", "Group")
	ref.Mutability = Immutable
	return newSchema(GroupURN, "Group", "A group of people and groups.",
		text("displayName", "The group's name; unique without regard to case, since providers find groups by it.",
			required, uniqueServer),
		complexOf("members", "The members of the group.", []*Attribute{
			text("value", "The member's id.", exact, immutable),
			ref,
			text("type", "What the member is.", immutable, canonical("User", "Group")),
			text("display", "The member's name.", immutable),
		}, many),
	)
}

func sacGroup() *Schema {
	return newSchema(SACGroupURN, "SACGroup", "What SAP Analytics Cloud keeps for a team.",
		text("description", "The text that SAC shows for the team."),
	)
}

// sacGroupRoles is assumed to be a list of roles in the form that a person's roles have: SAP publishes the
// URN (script 2666) and not what is under it.
func sacGroupRoles() *Schema {
	return newSchema(SACGroupRolesURN, "SACGroupRoles", "The SAC roles of a team.",
		plural("roles", "Roles that the members have through the team.", text("value", "The role.", exact)),
	)
}
