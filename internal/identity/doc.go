// Package identity is the model of people, teams and role links that SAP Analytics Cloud has, free of any
// wire format: User and Group have SAC's fields, its SSO login ID and its role IDs, and Tenant has its
// platforms. It is SAC's model and no neutral one: what a directory or an identity provider holds is in
// scim and directory, and is mapped to this. Besides it has what a reading of a tenant asks for and found
// (Scope, Snapshot), and the sets of links with the actions between them. It is pure: no network, file,
// clock or random source, and it imports the standard library only.
package identity
