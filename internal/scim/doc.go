// Package scim holds the meaning of SCIM 2.0 (RFC 7643, RFC 7644) without its transport: the schemas,
// the attribute tree of a resource with its decoding and canonical encoding, filters and paths with
// their evaluation, projection, sorting, PATCH and version comparison. Where an identity provider
// departs from the RFC, a named switch of [Tolerance] says so.
//
// Which values fit an attribute it does not decide: it asks a [Validator].
//
// It is pure: no network, file, clock or random source. It may import internal/identity. Everything it hands out that is not documented as the caller's own
// (resource types, schemas, parsed filters, projections) is immutable and safe for concurrent use.
package scim
