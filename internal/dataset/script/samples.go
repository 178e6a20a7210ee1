package script

// sampleTitle says what a script of SAP's collection does, so that a number that cannot be run is
// answered with more than "unknown".
func sampleTitle(number string) (string, bool) {
	title, ok := map[string]string{
		"1001": "check the settings and access of a tenant",
		"1002": "check the settings and access of a tenant, content and activities too",
		"1011": "check the settings and access of a source and a target",
		"1021": "copy a user's formats into the new-user defaults",
		"1101": "create users", "1102": "create users with roles", "1103": "create users with roles and teams",
		"1111": "create users, else update", "1112": "create users, else update, with roles", "1113": "create users, else update, with roles and teams",
		"1121": "create users, else update, e-mail too", "1122": "create users, else update, e-mail and roles too", "1123": "create users, else update, e-mail, roles and teams too",
		"1131": "create users, else update, SAML variant", "1132": "create users, else update, with roles, SAML variant", "1133": "create users, else update, with roles and teams, SAML variant",
		"1201": "update users, else create", "1202": "update users, else create, with roles", "1203": "update users, else create, with roles and teams",
		"1231": "update users, else create, SAML variant", "1232": "update users, else create, with roles, SAML variant", "1233": "update users, else create, with roles and teams, SAML variant",
		"1301": "delete users by user ID", "1311": "delete users by SAML mapping", "1321": "delete users by e-mail",
		"1401": "set users' licence", "1402": "set users' active flag", "1403": "change users' teams", "1404": "set users' manager",
		"1405": "set users' licence and active flag", "1406": "set users' language and formats", "1407": "set users' language, formats and licence",
		"1408": "change users' roles, found by user ID", "1418": "change users' roles, found by SAML mapping", "1428": "change users' roles, found by e-mail",
		"1409": "set users' SAML mapping, found by user ID", "1419": "set users' SAML mapping, found by SAML mapping", "1429": "set users' SAML mapping, found by e-mail",
		"1451": "set the licence of a team's members", "1452": "set the active flag of a team's members", "1454": "set the manager of a team's members",
		"1455": "set licence and active flag of a team's members", "1456": "set the formats of a team's members", "1457": "set formats and licence of a team's members",
		"1458": "change the roles of a team's members",
		"1501": "create a team or change its display name",
		"1601": "list all teams", "2601": "list all teams through v2",
		"1602": "change members and roles of teams, batched", "1612": "change members and roles of teams, row by row",
		"1653": "set logic between two teams", "1654": "copy a team that v1 cannot read", "1665": "AdminToolKit: fill teams with users chosen by tests",
		"1801": "delete teams", "1802": "empty and delete teams", "1851": "delete a team's users, the team, or both",
		"1903": "transport users", "1933": "transport users, SAML variant",
		"1953": "transport a team and its users", "1983": "transport a team and its users, SAML variant",
		"2402": "set users' active flag through v2", "2452": "set the active flag of a team's members through v2",
		"2666": "migrate users to new user IDs", "2667": "scan users for inconsistencies and repair them", "2668": "show the System Owner",
	}[number]
	return title, ok
}
