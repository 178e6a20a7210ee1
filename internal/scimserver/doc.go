// Package scimserver is the inbound side of the bridge: SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865) over the
// directory, as one plain http.Handler that serves every source under /scim/<source>/v2 and its OAuth token
// endpoint under /scim/<source>/oauth/token.
//
// What a request means is decided in one place, the service type, which the library's resource handlers,
// the read routes, Bulk, .search and /Me all call. Writes go through github.com/elimity-com/scim as a
// validator: a guard limits them, internal/identity/scim normalises what the provider sent, the library checks
// the normalised form, and its thin resource handler calls the service. What the library would answer is
// replaced by our own answer. Of a PATCH it checks the values; reads never pass through it.
//
// The package is not for storing anything, nor for deciding what reaches a tenant. It may import identity,
// identity/scim and directory; it is the only importer of the SCIM library.
package scimserver
