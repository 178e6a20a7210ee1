// Package tenants makes of a configuration what a run works with: connectors to tenants, the limits that its plans
// are judged by, whom to trust, and the table of roles that are called differently in two tenants. It makes no call
// and writes nothing. What a run does with all that is none of its business. It may import config, identity, plan,
// upstream, sac and engine.
package tenants
