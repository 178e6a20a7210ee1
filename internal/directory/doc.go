// Package directory is the bridge's neutral directory of people and groups: create, replace, patch,
// delete, restore and query, with unique names, versions, memberships and references. Each change enters
// the change feed in the transaction that makes it, so that whoever follows the feed misses nothing and
// invents nothing.
//
// Everything belongs to one source: an id of another source is simply not found. The package decides and
// plans; a Store keeps. It knows no HTTP and no database, and may import identity and scim.
package directory
