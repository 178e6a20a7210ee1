package scimserver

import (
	"net/http"
	"net/url"
	"strings"

	"sacbridge/internal/scim"
)

// endpoint is what part of the protocol a path names.
type endpoint uint8

const (
	noEndpoint endpoint = iota
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
	endpoint endpoint
	kind     *scim.ResourceType // of atType, atTypeSearch and atResource
	id       string             // of atResource, atSchema and atResourceType
}

// methods lists what an endpoint answers to; HEAD goes where GET goes.
func (e endpoint) methods() string {
	switch e {
	case atRoot, atConfig, atSchemas, atSchema, atResourceTypes, atResourceType:
		return "GET, HEAD"
	case atRootSearch, atTypeSearch, atBulk, atToken:
		return "POST"
	case atType:
		return "GET, HEAD, POST"
	case atResource, atMe:
		return "GET, HEAD, PUT, PATCH, DELETE"
	case noEndpoint:
		return ""
	}
	return ""
}

func (e endpoint) allows(method string) bool {
	for m := range strings.SplitSeq(e.methods(), ", ") {
		if m == method {
			return true
		}
	}
	return false
}

// template is the route without ids, for logs and metrics.
func (r route) template() string {
	switch r.endpoint {
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
	case noEndpoint:
		return "unknown"
	}
	return "unknown"
}

// split takes the decoded path /scim/<source>/v2/... apart. rest begins with a slash or is empty.
func split(path string) (source, rest string, ok bool) {
	path, ok = strings.CutPrefix(singleSlashes(path), "/scim/")
	if !ok {
		return "", "", false
	}
	source, rest, _ = strings.Cut(path, "/")
	return source, "/" + rest, source != ""
}

// singleSlashes makes one of several slashes in a row: who joins a base URL and a path has two easily.
func singleSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// routeOfBulk finds the route of a Bulk operation's path, which stands below /v2 and is escaped as in a URL.
func routeOfBulk(path string) route {
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return route{}
	}
	return routeOf(singleSlashes("/v2/" + decoded))
}

// routeOf finds the route of the decoded path below /scim/<source>. No id holds a slash, so that one which came encoded
// parts names like any other. Endpoint names are found without letter case and a trailing slash is nothing, since clients
// are careless with both; ids are taken exactly.
func routeOf(rest string) route {
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	if len(parts) == 2 && strings.EqualFold(parts[0], "oauth") && strings.EqualFold(parts[1], "token") {
		return route{endpoint: atToken}
	}
	if !strings.EqualFold(parts[0], "v2") {
		return route{}
	}
	parts = parts[1:]
	switch len(parts) {
	case 0:
		return route{endpoint: atRoot}
	case 1:
		return routeOfOne(parts[0])
	case 2:
		if parts[1] == "" {
			return route{}
		}
		return routeOfTwo(parts[0], parts[1])
	default:
		return route{}
	}
}

func routeOfOne(name string) route {
	if t := typeOf(name); t != nil {
		return route{endpoint: atType, kind: t}
	}
	for _, p := range [...]endpoint{atRootSearch, atBulk, atMe, atConfig, atSchemas, atResourceTypes} {
		if strings.EqualFold(name, route{endpoint: p}.template()[1:]) {
			return route{endpoint: p}
		}
	}
	return route{}
}

func routeOfTwo(name, id string) route {
	switch t := typeOf(name); {
	case t != nil && strings.EqualFold(id, ".search"):
		return route{endpoint: atTypeSearch, kind: t}
	case t != nil:
		return route{endpoint: atResource, kind: t, id: id}
	case strings.EqualFold(name, "Schemas"):
		return route{endpoint: atSchema, id: id}
	case strings.EqualFold(name, "ResourceTypes"):
		return route{endpoint: atResourceType, id: id}
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
