// Package issuer checks the signed tokens (JWT, RFC 7519, RFC 9068) of another party: what they claim, then their signature
// by that party's current keys, which it reads from the party's address and keeps.
//
// It is not for tokens that the bridge gives out itself, nor for who may do what. It may import scimserver, and is the
// only importer of go-jose, which reads and verifies signatures.
package issuer
