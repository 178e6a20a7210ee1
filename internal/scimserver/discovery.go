package scimserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"sacbridge/internal/scim"
)

const (
	configURN       = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	resourceTypeURN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaURN       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// discovery is what a source says of itself, written once from what it does (RFC 7644 §4).
type discovery struct {
	config  []byte
	types   *documents
	schemas *documents
}

// documents are a list and its single items by folded id.
type documents struct {
	list []byte
	byID map[string][]byte
}

type docMeta struct {
	ResourceType string `json:"resourceType"`
	Location     string `json:"location"`
}

func newDiscovery(s *source) (*discovery, error) {
	config, err := json.Marshal(configOf(s))
	if err != nil {
		return nil, fmt.Errorf("write ServiceProviderConfig: %w", err)
	}
	d := &discovery{config: config}
	if d.types, err = typeDocuments(s); err != nil {
		return nil, err
	}
	if d.schemas, err = schemaDocuments(s); err != nil {
		return nil, err
	}
	return d, nil
}

func typeDocuments(s *source) (*documents, error) {
	type extension struct {
		Schema   string `json:"schema"`
		Required bool   `json:"required"`
	}
	type document struct {
		Schemas     []string    `json:"schemas"`
		ID          string      `json:"id"`
		Name        string      `json:"name"`
		Description string      `json:"description"`
		Endpoint    string      `json:"endpoint"`
		Schema      string      `json:"schema"`
		Extensions  []extension `json:"schemaExtensions"`
		Meta        docMeta     `json:"meta"`
	}
	docs := &documents{byID: map[string][]byte{}}
	var all []json.RawMessage
	for _, t := range [...]*scim.ResourceType{scim.User(), scim.Group()} {
		doc := document{
			Schemas: []string{resourceTypeURN}, ID: t.Name, Name: t.Name, Description: t.Description, Endpoint: t.Endpoint, Schema: t.Core.URN,
			Extensions: []extension{}, Meta: docMeta{"ResourceType", s.root + "/ResourceTypes/" + t.Name},
		}
		for _, ext := range t.Extensions {
			doc.Extensions = append(doc.Extensions, extension{ext.URN, false})
		}
		if err := docs.add(t.Name, doc, &all); err != nil {
			return nil, err
		}
	}
	return docs, docs.close(all)
}

func schemaDocuments(s *source) (*documents, error) {
	type document struct {
		Schemas []string `json:"schemas"`
		*scim.Schema
		Meta docMeta `json:"meta"`
	}
	docs := &documents{byID: map[string][]byte{}}
	var all []json.RawMessage
	schemas := []*scim.Schema{publishedCore(scim.User()), publishedCore(scim.Group())}
	schemas = append(append(schemas, scim.User().Extensions...), scim.Group().Extensions...)
	for _, schema := range append(schemas, protocolSchemas()...) {
		if docs.byID[strings.ToLower(schema.URN)] != nil {
			continue
		}
		doc := document{[]string{schemaURN}, schema, docMeta{"Schema", s.root + "/Schemas/" + schema.URN}}
		if err := docs.add(schema.URN, doc, &all); err != nil {
			return nil, err
		}
	}
	return docs, docs.close(all)
}

func (d *documents) add(id string, doc any, all *[]json.RawMessage) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write document %s: %w", id, err)
	}
	d.byID[strings.ToLower(id)] = text
	*all = append(*all, text)
	return nil
}

func (d *documents) close(all []json.RawMessage) (err error) {
	d.list, err = json.Marshal(map[string]any{
		"schemas": []string{listURN}, "totalResults": len(all), "itemsPerPage": len(all), "startIndex": 1, "Resources": all,
	})
	return err
}

type supported struct {
	Supported bool `json:"supported"`
}

type bulkSupport struct {
	supported
	MaxOperations  int   `json:"maxOperations"`
	MaxPayloadSize int64 `json:"maxPayloadSize"`
}

type filterSupport struct {
	supported
	MaxResults int `json:"maxResults"`
}

type pagingSupport struct {
	Cursor      bool   `json:"cursor"`
	Index       bool   `json:"index"`
	Default     string `json:"defaultPaginationMethod"`
	PageSize    int    `json:"defaultPageSize"`
	MaxPageSize int    `json:"maxPageSize"`
}

type authScheme struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	SpecURI     string `json:"specUri"`
	Primary     bool   `json:"primary,omitempty"`
}

type providerConfig struct {
	Schemas        []string       `json:"schemas"`
	Patch          supported      `json:"patch"`
	Bulk           bulkSupport    `json:"bulk"`
	Filter         filterSupport  `json:"filter"`
	ChangePassword supported      `json:"changePassword"`
	Sort           supported      `json:"sort"`
	ETag           supported      `json:"etag"`
	Pagination     *pagingSupport `json:"pagination,omitempty"`
	Schemes        []authScheme   `json:"authenticationSchemes"`
	Meta           docMeta        `json:"meta"`
}

// configOf describes the source. A password is taken and forgotten, so changePassword is not claimed.
func configOf(s *source) providerConfig {
	yes, limits := supported{true}, s.conf.Limits
	c := providerConfig{
		Schemas: []string{configURN}, Patch: yes, Bulk: bulkSupport{yes, limits.BulkOperations, limits.BulkBody},
		Filter: filterSupport{yes, limits.Results}, Sort: yes, ETag: yes, Schemes: []authScheme{},
		Meta: docMeta{"ServiceProviderConfig", s.root + "/ServiceProviderConfig"},
	}
	if s.switches.AnnouncePaging {
		c.Pagination = &pagingSupport{Cursor: true, Index: true, Default: "index", PageSize: limits.Page, MaxPageSize: limits.Results}
	}
	if s.conf.Auth.Tokens || len(s.conf.Auth.Issuers) > 0 {
		c.Schemes = append(c.Schemes, authScheme{"oauthbearertoken", "Bearer token", "A token of this bridge or of an accepted issuer", "https://www.rfc-editor.org/info/rfc6750", true})
	}
	if len(s.conf.Auth.Clients) > 0 {
		c.Schemes = append(c.Schemes, authScheme{"oauth2", "OAuth client credentials", "Client id and secret for a token from " + s.server.base + "/scim/" + s.conf.Name + "/oauth/token", "https://www.rfc-editor.org/info/rfc6749", len(c.Schemes) == 0})
	}
	return c
}

// discover serves the three discovery endpoints. Paging and sorting are ignored, a filter is refused (RFC 7644 §4).
func (x *exchange) discover() error {
	p, err := urlParams(x.r.URL.RawQuery)
	if err != nil {
		return err
	}
	if p.filter != "" {
		return fail(http.StatusForbidden, "", "discovery documents cannot be filtered (RFC 7644 §4)")
	}
	d := x.source.discovery
	var body []byte
	switch x.route.endpoint {
	case atConfig:
		body = d.config
	case atResourceTypes:
		body = d.types.list
	case atSchemas:
		body = d.schemas.list
	case atResourceType:
		body = d.types.byID[strings.ToLower(x.route.id)]
	case atSchema:
		body = d.schemas.byID[strings.ToLower(x.route.id)]
	default:
	}
	if body == nil {
		return notFound("the document")
	}
	return x.send(http.StatusOK, body)
}
