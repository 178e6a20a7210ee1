// Package scimserver is the inbound side of the bridge: SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865) over the
// directory, as one plain http.Handler that serves every source under /scim/<source>/v2 and its OAuth token
// endpoint under /scim/<source>/oauth/token.
//
// What a request means is decided in one place, the service type, which the routes of resources, Bulk, .search
// and /Me all call. A write is limited in size, read by internal/scim from what the provider sent, which asks the
// schemas of github.com/elimity-com/scim about every value, and handed to the directory.
//
// The package is not for storing anything, nor for deciding what reaches a tenant. It may import identity,
// scim and directory; it is the only importer of the SCIM library.
package scimserver
