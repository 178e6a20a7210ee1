package sacsim

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"sacbridge/internal/sacsim/service"
)

// Curve is how many membership changes a second a team of n members takes:
// max(Floor, Start - Slope*n).
type Curve struct {
	Start float64 `json:"start"`
	Slope float64 `json:"slope"`
	Floor float64 `json:"floor"`
}

// Latency is a profile of the latency model; all times are seconds of the modelled tenant. The
// zero value means that nothing waits. SAP publishes two throughput figures and the constants of
// script 1103; the curves between them, the Bulk factor and the price of a team read are guesses, hence configurable.
type Latency struct {
	Token           float64 `json:"token"`
	Read            float64 `json:"read"`
	FetchFactor     float64 `json:"fetchFactor"`
	Page            float64 `json:"page"`
	PageRow         float64 `json:"pageRow"`
	MemberRow       float64 `json:"memberRow"`
	CreateUser      float64 `json:"createUser"`
	ConflictFactor  float64 `json:"conflictFactor"`
	UpdateUser      float64 `json:"updateUser"`
	DeleteUser      float64 `json:"deleteUser"`
	TeamBase        float64 `json:"teamBase"`
	RoleRate        float64 `json:"roleRate"`
	SmallTenant     Curve   `json:"smallTenant"`
	LargeTenant     Curve   `json:"largeTenant"`
	SmallUsers      float64 `json:"smallUsers"`
	LargeUsers      float64 `json:"largeUsers"`
	LargePageFactor float64 `json:"largePageFactor"`
	BulkBase        float64 `json:"bulkBase"`
	BulkFactor      float64 `json:"bulkFactor"`
	Timeout         float64 `json:"timeout"`
	Parallel        int     `json:"parallel"`
}

// Real is the profile "real": 38.17 memberships a second in a small tenant, about 17 falling to 10
// in one of 80,000 users, and a gateway that gives up after five minutes (script 1103).
func Real() Latency {
	return Latency{
		Token: 0.2, Read: 0.15, FetchFactor: 1.2, Page: 0.1, PageRow: 0.003, MemberRow: 0.0003,
		CreateUser: 0.35, ConflictFactor: 1.08, UpdateUser: 0.5, DeleteUser: 0.2,
		TeamBase: 0.3, RoleRate: 46,
		SmallTenant: Curve{Start: 38, Slope: 0.0008, Floor: 8},
		LargeTenant: Curve{Start: 17, Slope: 0.00028, Floor: 8},
		SmallUsers:  500, LargeUsers: 80_000, LargePageFactor: 2,
		BulkBase: 0.3, BulkFactor: 0.6, Timeout: 300, Parallel: 8,
	}
}

// ParseLatency reads a profile file: a JSON object whose keys replace those of Real. Errors name
// the place or the key.
func ParseLatency(r io.Reader) (Latency, error) {
	data, err := readFile(r)
	if err != nil {
		return Latency{}, fmt.Errorf("read latency profile: %w", err)
	}
	profile := Real()
	if err := strictJSON(data, &profile); err != nil {
		return Latency{}, fmt.Errorf("latency profile: %w", err)
	}
	if err := profile.check(); err != nil {
		return Latency{}, fmt.Errorf("latency profile: %w", err)
	}
	return profile, nil
}

// waits tells whether the profile makes anybody wait.
func (l Latency) waits() bool { return l != Latency{} }

// check refuses what would make a time negative or endless.
func (l Latency) check() error {
	atLeastZero := map[string]float64{
		"token": l.Token, "read": l.Read, "fetchFactor": l.FetchFactor, "page": l.Page, "pageRow": l.PageRow,
		"memberRow":  l.MemberRow,
		"createUser": l.CreateUser, "conflictFactor": l.ConflictFactor, "updateUser": l.UpdateUser,
		"deleteUser": l.DeleteUser, "teamBase": l.TeamBase, "bulkBase": l.BulkBase, "bulkFactor": l.BulkFactor,
		"smallUsers": l.SmallUsers, "largePageFactor": l.LargePageFactor,
		"smallTenant.slope": l.SmallTenant.Slope, "largeTenant.slope": l.LargeTenant.Slope,
	}
	for _, key := range slices.Sorted(maps.Keys(atLeastZero)) {
		v := atLeastZero[key]
		if v < 0 || v > 1e6 {
			return fmt.Errorf("%q is %g, want 0 to 1000000", key, v)
		}
	}
	aboveZero := map[string]float64{
		"roleRate": l.RoleRate, "timeout": l.Timeout, "parallel": float64(l.Parallel),
		"smallTenant.start": l.SmallTenant.Start, "smallTenant.floor": l.SmallTenant.Floor,
		"largeTenant.start": l.LargeTenant.Start, "largeTenant.floor": l.LargeTenant.Floor,
	}
	for _, key := range slices.Sorted(maps.Keys(aboveZero)) {
		v := aboveZero[key]
		if v <= 0 || v > 1e6 {
			return fmt.Errorf("%q is %g, want more than 0 and at most 1000000", key, v)
		}
	}
	if l.LargeUsers <= l.SmallUsers {
		return fmt.Errorf(`"largeUsers" is %g, want more than "smallUsers" (%g)`, l.LargeUsers, l.SmallUsers)
	}
	return nil
}

// size places a tenant between the small (0) and the large one (1).
func (l Latency) size(users int) float64 {
	return min(1, max(0, (float64(users)-l.SmallUsers)/(l.LargeUsers-l.SmallUsers)))
}

// rate is the membership changes a second for a team of that many members.
func (l Latency) rate(members, users int) float64 {
	at := func(c Curve) float64 { return max(c.Floor, c.Start-c.Slope*float64(members)) }
	t := l.size(users)
	return (1-t)*at(l.SmallTenant) + t*at(l.LargeTenant)
}

// Seconds is what a piece of work costs the modelled tenant. It is pure.
func (l Latency) Seconds(w service.Work) float64 {
	seconds := 0.0
	switch w.Kind {
	case workToken:
		seconds = l.Token
	case service.WorkPage:
		seconds = (l.Page + l.PageRow*float64(w.Rows)) * (1 + (l.LargePageFactor-1)*l.size(w.Users))
	case service.WorkGetTeam:
		seconds = l.Read + l.MemberRow*float64(w.TeamSize)
	case service.WorkCreateUser:
		seconds = l.CreateUser
	case service.WorkConflict:
		seconds = l.ConflictFactor * l.Read
	case service.WorkWriteUser:
		seconds = l.UpdateUser
	case service.WorkDeleteUser:
		seconds = l.DeleteUser
	case service.WorkTeam:
		seconds = l.TeamBase + float64(w.MemberChanges)/l.rate(w.TeamSize, w.Users) +
			float64(w.RoleChanges)*float64(w.TeamSize)/l.RoleRate
	case service.WorkDeleteTeam:
		seconds = l.TeamBase + float64(w.TeamSize)/l.rate(w.TeamSize, w.Users)
	case service.WorkBulk:
		for _, item := range w.Items {
			seconds += l.Seconds(item)
		}
		seconds = l.BulkBase + l.BulkFactor*seconds
	default:
		seconds = l.Read
	}
	return math.Max(0, seconds)
}
