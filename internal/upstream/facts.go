package upstream

import (
	"maps"
	"time"
)

// Facts is what was learnt about a target by writing to it. It outlives the process: whoever makes a
// connector gives it the facts of last time.
type Facts struct {
	// RolePatch tells whether adding and removing single roles of people does exactly that.
	RolePatch Tri `json:"rolePatch,omitempty"`
	// Ignored are the attributes that the target accepts and leaves as they are, with the time when that
	// was first seen.
	Ignored map[string]time.Time `json:"ignored,omitempty"`
}

// Clone gives a copy that shares no memory with f.
func (f Facts) Clone() Facts {
	f.Ignored = maps.Clone(f.Ignored)
	return f
}

// Tri is an answer that may not be known yet.
type Tri string

// The answers.
const (
	Untried Tri = ""
	Yes     Tri = "yes"
	No      Tri = "no"
)
