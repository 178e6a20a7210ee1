package session

import "strings"

// routeOf gives the path without ids, for logs and counts: "/api/v1/scim/Users/{id}". Ids hold
// people's names, so whatever is not a known word of the API is left out.
func routeOf(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		if !apiWord(part) {
			parts[i] = "{id}"
			continue
		}
		if i > 0 && holdsIDs(parts[i-1]) && part != ".search" {
			parts[i] = "{id}"
		}
	}
	return "/" + strings.Join(parts, "/")
}

func holdsIDs(part string) bool {
	switch part {
	case "Users", "Groups", "Schemas", "ResourceTypes":
		return true
	}
	return false
}

func apiWord(part string) bool {
	switch part {
	case "", "api", "v1", "scim", "scim2", "scim3", "csrf", "Users", "Groups", "Bulk", ".search", "Me",
		"ServiceProviderConfig", "Schemas", "ResourceTypes", "Repositories", "audit", "activities",
		"exportActivities":
		return true
	}
	return false
}
