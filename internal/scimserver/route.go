package scimserver

import (
	"net/http"
	"net/url"
	"strings"

	"sacbridge/internal/scim"
)

// place is what part of the protocol a path names.
type place uint8

const (
	nowhere place = iota
	atRoot
	atRootSearch
	atType
	atTypeSearch
	atResource
	atBulk
	atMe
	atConfig
	atSchemas
	atSchema
	atResourceTypes
	atResourceType
	atToken
)

// route is a path taken apart.
type route struct {
	place place
	kind  *scim.ResourceType // of atType, atTypeSearch and atResource
	id    string             // of atResource, atSchema and atResourceType
}

// methods lists what a place answers to; HEAD goes where GET goes.
func (p place) methods() string {
	switch p {
	case atRoot, atConfig, atSchemas, atSchema, atResourceTypes, atResourceType:
		return "GET, HEAD"
	case atRootSearch, atTypeSearch, atBulk, atToken:
		return "POST"
	case atType:
		return "GET, HEAD, POST"
	case atResource, atMe:
		return "GET, HEAD, PUT, PATCH, DELETE"
	case nowhere:
		return ""
	}
	return ""
}

func (p place) allows(method string) bool {
	for m := range strings.SplitSeq(p.methods(), ", ") {
		if m == method {
			return true
		}
	}
	return false
}

// template is the route without ids, for logs and metrics.
func (r route) template() string {
	switch r.place {
	case atRoot:
		return "/"
	case atRootSearch:
		return "/.search"
	case atType:
		return r.kind.Endpoint
	case atTypeSearch:
		return r.kind.Endpoint + "/.search"
	case atResource:
		return r.kind.Endpoint + "/{id}"
	case atBulk:
		return "/Bulk"
	case atMe:
		return "/Me"
	case atConfig:
		return "/ServiceProviderConfig"
	case atSchemas:
		return "/Schemas"
	case atSchema:
		return "/Schemas/{id}"
	case atResourceTypes:
		return "/ResourceTypes"
	case atResourceType:
		return "/ResourceTypes/{id}"
	case atToken:
		return "/oauth/token"
	case nowhere:
		return "unknown"
	}
	return "unknown"
}

// split takes /scim/<source>/v2/... apart. rest begins with a slash or is empty.
func split(path string) (source, rest string, ok bool) {
	path, ok = strings.CutPrefix(path, "/scim/")
	if !ok {
		return "", "", false
	}
	source, rest, _ = strings.Cut(path, "/")
	return source, "/" + rest, source != ""
}

// resolve finds the route of the escaped path below /scim/<source>. Endpoint names are found without letter
// case and a trailing slash is nothing, since clients are careless with both; ids are taken exactly.
func resolve(rest string) route {
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	if len(parts) == 2 && strings.EqualFold(parts[0], "oauth") && strings.EqualFold(parts[1], "token") {
		return route{place: atToken}
	}
	if !strings.EqualFold(parts[0], "v2") {
		return route{}
	}
	parts = parts[1:]
	switch len(parts) {
	case 0:
		return route{place: atRoot}
	case 1:
		return resolveOne(parts[0])
	case 2:
		id, err := url.PathUnescape(parts[1])
		if err != nil || id == "" {
			return route{}
		}
		return resolveTwo(parts[0], id)
	default:
		return route{}
	}
}

func resolveOne(name string) route {
	if t := typeOf(name); t != nil {
		return route{place: atType, kind: t}
	}
	for _, p := range [...]place{atRootSearch, atBulk, atMe, atConfig, atSchemas, atResourceTypes} {
		if strings.EqualFold(name, route{place: p}.template()[1:]) {
			return route{place: p}
		}
	}
	return route{}
}

func resolveTwo(name, id string) route {
	switch t := typeOf(name); {
	case t != nil && strings.EqualFold(id, ".search"):
		return route{place: atTypeSearch, kind: t}
	case t != nil:
		return route{place: atResource, kind: t, id: id}
	case strings.EqualFold(name, "Schemas"):
		return route{place: atSchema, id: id}
	case strings.EqualFold(name, "ResourceTypes"):
		return route{place: atResourceType, id: id}
	}
	return route{}
}

func typeOf(name string) *scim.ResourceType {
	for _, t := range [...]*scim.ResourceType{scim.User(), scim.Group()} {
		if strings.EqualFold(name, t.Endpoint[1:]) {
			return t
		}
	}
	return nil
}

// methodOf maps HEAD to GET: the answer's body is left out when it is written.
func methodOf(r *http.Request) string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}
