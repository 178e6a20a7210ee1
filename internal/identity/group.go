package identity

import "time"

// Group is a SAC team. Its Name never changes: v1 id, v2 displayName.
type Group struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"` // v1 displayName, v2 group-custom-parameters description; at most 1,024 characters
	Ref         string   `json:"ref,omitempty"`         // v2 UUID; empty where only v1 was read
	Roles       []string `json:"roles,omitempty"`       // sorted
	Members     []string `json:"members,omitempty"`     // user IDs, sorted; nil where membership was not asked for
	Size        int      `json:"size"`                  // number of members, also where Members was not asked for
	// Hidden is true for a team that v1 lists but cannot address by name (sac "Ignore Content
	// Namespace For Teams" is off); it is reachable through v2 only.
	Hidden bool `json:"hidden,omitempty"`
	// Namesakes counts other teams of the same name, in other content namespaces.
	Namesakes int `json:"namesakes,omitempty"`

	Created time.Time `json:"created,omitzero"`
}
