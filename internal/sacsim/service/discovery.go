package service

import (
	"net/http"
)

const (
	urnConfig       = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	urnResourceType = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	urnSchema       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// serviceProviderConfig advertises what a live tenant does (SAP community 13899661).
func (s *Service) serviceProviderConfig(*request) reply {
	supported := func(on bool) map[string]any { return map[string]any{"supported": on} }
	return ok(map[string]any{
		"schemas": []string{urnConfig},
		"patch":   supported(true),
		"bulk": map[string]any{
			"supported": true, "maxOperations": s.settings.number(setBulkMax),
			"maxPayloadSize": s.settings.number(setBulkBytes),
		},
		"filter":         map[string]any{"supported": true, "maxResults": maxCount},
		"changePassword": supported(false),
		"sort":           supported(true),
		"etag":           supported(false),
		"authenticationSchemes": []map[string]any{{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token",
			"description": "Authentication scheme using the OAuth Bearer Token Standard", "primary": true,
		}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": v2Base + "/ServiceProviderConfig"},
	})
}

type resourceType struct {
	Schemas    []string          `json:"schemas"`
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Endpoint   string            `json:"endpoint"`
	Schema     string            `json:"schema"`
	Extensions []schemaExtension `json:"schemaExtensions"`
	Meta       map[string]string `json:"meta"`
}

type schemaExtension struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

func resourceTypes() []resourceType {
	define := func(name, endpoint, schema string, extensions ...string) resourceType {
		rt := resourceType{
			Schemas: []string{urnResourceType}, ID: name, Name: name, Endpoint: endpoint, Schema: schema,
			Meta: map[string]string{"resourceType": "ResourceType", "location": v2Base + "/ResourceTypes/" + name},
		}
		for _, e := range extensions {
			rt.Extensions = append(rt.Extensions, schemaExtension{Schema: e})
		}
		return rt
	}
	return []resourceType{
		define("User", "/Users", urnUser, urnEnterprise, urnParamsV2),
		define("Group", "/Groups", urnGroup, urnGroupV2, urnGroupRoles),
	}
}

func (s *Service) listResourceTypes(*request) reply { return wholeList(resourceTypes()) }

func (s *Service) getResourceType(q *request) reply {
	for _, rt := range resourceTypes() {
		if rt.ID == q.id {
			return ok(rt)
		}
	}
	return q.missing("ResourceType", q.id)
}

// schemaDoc names a schema's attributes; the tenant's descriptions of each are of no use to a client.
type schemaDoc struct {
	Schemas    []string          `json:"schemas"`
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Attributes []schemaAttribute `json:"attributes"`
	Meta       map[string]string `json:"meta"`
}

type schemaAttribute struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	MultiValued bool   `json:"multiValued"`
	Required    bool   `json:"required"`
	Mutability  string `json:"mutability"`
}

func schemas() []schemaDoc {
	return []schemaDoc{
		schema(urnUser, "User", "!userName", "externalId", "{name", "displayName", "preferredLanguage", "?active",
			"![emails", "[photos", "[roles", "-[groups"),
		schema(urnEnterprise, "EnterpriseUser", "{manager"),
		schema(urnParamsV2, "UserCustomParameters", "idpUserId", "dataAccessLanguage", "dateFormatting", "timeFormatting",
			"numberFormatting", "#cleanUpNotificationsNumberOfDays", "?systemNotificationsEmailOptIn",
			"?marketingEmailOptIn", "?isConcurrent"),
		schema(urnGroup, "Group", "!displayName", "externalId", "[members", "[roles"),
		schema(urnGroupV2, "GroupCustomParameters", "description"),
		schema(urnGroupRoles, "GroupRoles", "[roles"),
	}
}

// schema reads attributes in a short form: ! required, - read-only, [ multi-valued complex,
// { complex, ? boolean, # integer, else a string.
func schema(urn, name string, attributes ...string) schemaDoc {
	doc := schemaDoc{
		Schemas: []string{urnSchema}, ID: urn, Name: name,
		Meta: map[string]string{"resourceType": "Schema", "location": v2Base + "/Schemas/" + urn},
	}
	for _, short := range attributes {
		a := schemaAttribute{Type: "string", Mutability: "readWrite"}
		for a.Name == "" {
			switch short[0] {
			case '!':
				a.Required = true
			case '-':
				a.Mutability = "readOnly"
			case '[':
				a.Type, a.MultiValued = "complex", true
			case '{':
				a.Type = "complex"
			case '?':
				a.Type = "boolean"
			case '#':
				a.Type = "integer"
			default:
				a.Name = short
			}
			short = short[1:]
		}
		doc.Attributes = append(doc.Attributes, a)
	}
	return doc
}

func (s *Service) listSchemas(*request) reply { return wholeList(schemas()) }

func (s *Service) getSchema(q *request) reply {
	for _, doc := range schemas() {
		if doc.ID == q.id {
			return ok(doc)
		}
	}
	return q.missing("Schema", q.id)
}

// wholeList answers everything on one page.
func wholeList[T any](list []T) reply {
	return reply{status: http.StatusOK, body: listV2[T]{
		listHead:  listHead{Schemas: []string{urnList}, TotalResults: len(list), ItemsPerPage: len(list), StartIndex: 1},
		Resources: list,
	}}
}
