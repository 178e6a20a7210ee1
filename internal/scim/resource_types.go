package scim

import (
	"sync"
)

// The URNs of the schemas. SACUser is SAC's own extension (KBA 3562962).
const (
	UserURN           = "urn:ietf:params:scim:schemas:core:2.0:User"
	EnterpriseUserURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	SACUserURN        = "urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"
)

var userType = sync.OnceValue(func() *ResourceType {
	t := &ResourceType{
		Name: "User", Endpoint: "/Users", Description: "A person's account.",
		Core: coreUser(), Extensions: []*Schema{enterpriseUser(), sacUser()}, Common: common(),
	}
	t.buildIndex(map[string]string{
		"urn:scim:schemas:core:1.0":                                             UserURN,
		"urn:scim:schemas:core:2.0":                                             UserURN,
		"urn:scim:schemas:core:2.0:User":                                        UserURN,
		"urn:scim:schemas:extension:enterprise:1.0":                             EnterpriseUserURN,
		"urn:scim:schemas:extension:enterprise:2.0":                             EnterpriseUserURN,
		"urn:scim:schemas:extension:enterprise:2.0:User":                        EnterpriseUserURN,
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0User":             EnterpriseUserURN,
		"urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0": SACUserURN,
		"urn:ietf:params:scim:schemas:extension:sap:2.0:user-custom-parameters": SACUserURN,
		"urn:scim:schemas:extension:sap:user-custom-parameters:1.0":             SACUserURN,
		"urn:ietf:params:scim:schemas:extension:sac:2.0:User":                   SACUserURN, // the form that Entra asks for
	})
	return t
})

// User is the resource type of people: RFC 7643 §4.1, the enterprise extension (§4.3) and SAC's.
func User() *ResourceType { return userType() }

func coreUser() *Schema {
	password := text("password", "The password in clear text. It is never shown.")
	password.Mutability, password.Returned = WriteOnly, ReturnedNever
	password.CaseExact = true
	return newSchema(UserURN, "User", "User Account",
		text("userName", "The name by which the person signs in; unique without regard to case.", required, uniqueServer, name),
		complexAttribute("name", "The parts of the person's name.", []*Attribute{
			text("formatted", "The whole name, ready to be shown."),
			text("familyName", "The family name."),
			text("givenName", "The given name."),
			text("middleName", "The middle names."),
			text("honorificPrefix", "The title before the name."),
			text("honorificSuffix", "The suffix after the name."),
		}),
		text("displayName", "The name that is shown.", name),
		text("nickName", "The casual name."),
		reference("profileUrl", "The address of the person's online profile.", "external"),
		text("title", "The person's job title."),
		text("userType", "The relation between organisation and person."),
		text("preferredLanguage", "The preferred language, as in Accept-Language."),
		text("locale", "The locale for dates, numbers and currency."),
		text("timezone", "The time zone in IANA form."),
		boolean("active", "Whether the account may be used."),
		password,
		multiValuedAttribute("emails", "E-mail addresses.", text("value", "The address."), "work", "attrs", "other"),
		multiValuedAttribute("phoneNumbers", "Telephone numbers.", text("value", "The number, as sent."),
			"work", "attrs", "mobile", "fax", "pager", "other"),
		multiValuedAttribute("ims", "Instant messaging addresses.", text("value", "The address."),
			"aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
		multiValuedAttribute("photos", "Addresses of pictures of the person.", reference("value", "The address.", "external"), "photo", "thumbnail"),
		addresses(), userGroups(),
		multiValuedAttribute("entitlements", "Things the person may do.", text("value", "The entitlement.")),
		multiValuedAttribute("roles", "Roles the person has.", text("value", "The role.")),
		multiValuedAttribute("x509Certificates", "Certificates issued to the person.",
			attribute(TypeBinary, "value", "The certificate in DER form, base64.", nil)),
	)
}

func addresses() *Attribute {
	return complexAttribute("addresses", "Postal addresses.", []*Attribute{
		text("formatted", "The whole address, ready to be shown."),
		text("streetAddress", "Street, house number and the like."),
		text("locality", "The city."),
		text("region", "The state or region."),
		text("postalCode", "The postal code."),
		text("country", "The country, ISO 3166-1 alpha-2."),
		text("type", "A label of the address's function.", canonical("work", "attrs", "other")),
		boolean("primary", "Whether this is the preferred address. True for one at most."),
	}, multiValued)
}

func userGroups() *Attribute {
	ref := reference("$ref", "The address of the group.", "Group")
	ref.Mutability = ReadOnly
	return complexAttribute("groups", "The groups the person is a member of. Changed through the groups.", []*Attribute{
		text("value", "The group's id.", caseExact, readOnly),
		ref,
		text("display", "The group's name.", readOnly),
		text("type", "Whether the membership is direct.", readOnly, canonical("direct", "indirect")),
	}, multiValued, readOnly)
}

func enterpriseUser() *Schema {
	return newSchema(EnterpriseUserURN, "EnterpriseUser", "What an enterprise knows of a person.",
		text("employeeNumber", "The number the employer gives."),
		text("costCenter", "The cost centre."),
		text("organization", "The organisation."),
		text("division", "The division."),
		text("department", "The department."),
		complexAttribute("manager", "The person's manager.", []*Attribute{
			text("value", "The manager's id.", caseExact),
			reference("$ref", "The address of the manager.", "User"),
			text("displayName", "The manager's name.", readOnly),
		}),
	)
}

func sacUser() *Schema {
	return newSchema(SACUserURN, "SACUser", "What SAP Analytics Cloud keeps for a person.",
		text("idpUserId", "The login name at the identity provider.", caseExact),
		text("dataAccessLanguage", "The language of data."),
		text("dateFormatting", "The format of dates.", caseExact),
		text("timeFormatting", "The format of times.", caseExact),
		text("numberFormatting", "The format of numbers.", caseExact),
		attribute(TypeInteger, "cleanUpNotificationsNumberOfDays", "After how many days notifications go; 0 is never.", nil),
		boolean("systemNotificationsEmailOptIn", "Whether system notifications come by e-mail."),
		boolean("marketingEmailOptIn", "Whether marketing comes by e-mail. SAC no longer uses it."),
		boolean("isConcurrent", "Whether the licence is a concurrent session's."),
	)
}

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
			required, uniqueServer, name),
		complexAttribute("members", "The members of the group.", []*Attribute{
			text("value", "The member's id.", caseExact, immutable),
			ref,
			text("type", "What the member is.", immutable, canonical("User", "Group")),
			text("display", "The member's name.", immutable),
		}, multiValued),
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
		multiValuedAttribute("roles", "Roles that the members have through the team.", text("value", "The role.", caseExact)),
	)
}
