// Package sacsim is the server around a simulated SAP Analytics Cloud tenant: the token endpoint,
// sessions and CSRF, faults, the latency model, statistics, the control endpoints, and the
// listeners that `transport sim` and the demos run.
//
// What the tenant knows and answers is the subject of its sub-package service. This package knows
// the wire only, never our client, so that a mistake of the client cannot hide here. It may import
// the standard library and sacsim/service.
package sacsim
