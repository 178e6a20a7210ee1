// Package sac is the Connector over SAP Analytics Cloud: it reads and writes the people, teams and
// role links of one tenant, and for each operation picks the call of the v1, v2 or v3 API that is
// right and takes the fewest requests. It knows the wire types, the sizes the tenant takes, what a
// tenant silently ignores, and what its unreadable refusals are likely to mean. Tokens, cookies,
// CSRF, retries and limits of rate are the subject of its sub-package session. It never decides what
// to change. It may import identity and upstream.
package sac
