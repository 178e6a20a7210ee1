// Package upstream is the contract with a provisioning target: what a Connector can read and write,
// its limits as a plain value, and the classes of failure that callers branch on. Load reads a scope
// into an identity.Snapshot. It knows no target and no wire format; it imports identity.
package upstream
