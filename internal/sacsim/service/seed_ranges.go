package service

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// maxRange bounds what one range makes, so that a slip of the pen cannot fill the memory.
const maxRange = 1_000_000

// idRange names many users by prefix and number.
type idRange struct {
	Prefix string `json:"prefix"`
	From   int    `json:"from"`
	To     int    `json:"to"`
	Pad    int    `json:"pad"`
}

// usersRange makes many users that differ in their number only.
type usersRange struct {
	idRange
	Domain    string          `json:"domain"`
	GivenName string          `json:"givenName"`
	User      json.RawMessage `json:"user"`
}

func (r idRange) ids(place string) ([]string, error) {
	if r.From < 0 || r.To < r.From || r.To-r.From >= maxRange || r.Pad < 0 || r.Pad > 20 {
		return nil, fmt.Errorf("%s: range %d to %d with pad %d is not possible", place, r.From, r.To, r.Pad)
	}
	if r.Prefix == "" && r.Pad == 0 {
		return nil, fmt.Errorf("%s: prefix is missing", place)
	}
	out := make([]string, 0, r.To-r.From+1)
	for n := r.From; n <= r.To; n++ {
		out = append(out, fmt.Sprintf("%s%0*d", r.Prefix, r.Pad, n))
	}
	return out, nil
}

func (r usersRange) users(place string) ([]seedUser, error) {
	ids, err := r.ids(place)
	if err != nil {
		return nil, err
	}
	var shared seedUser
	if len(r.User) > 0 {
		if err := strictJSON(r.User, &shared); err != nil {
			return nil, fmt.Errorf("%s.user: %w", place, err)
		}
	}
	if shared.ID != "" {
		return nil, fmt.Errorf("%s.user.id: the range makes the ids", place)
	}
	domain := r.Domain
	if domain == "" {
		domain = defaultDomain
	}
	out := make([]seedUser, len(ids))
	for i, id := range ids {
		u := shared
		u.ID, u.place = id, place
		email := strings.ToLower(id) + "@" + domain
		u.Email = &email
		if u.GivenName == "" {
			u.GivenName = r.GivenName
		}
		if u.DisplayName == nil {
			name := strings.TrimSpace(u.GivenName + " " + id)
			u.DisplayName = &name
		}
		out[i] = u
	}
	return out, nil
}

// Fill tops the seed up with fillers to that many users and teams in all: FILLER000001 … and
// FILLTEAM0001 …, the fillers dealt out to the filler teams in turn. The ids a seed already uses
// are left out.
func (s Seed) Fill(users, teams int) Seed {
	taken := make(map[string]bool, len(s.users)+len(s.teams))
	for _, u := range s.users {
		taken[u.ID] = true
	}
	for _, t := range s.teams {
		taken[t.ID] = true
	}
	s.users, s.teams = slices.Clone(s.users), slices.Clone(s.teams)
	var fillers []string
	for n := 1; len(s.users) < users; n++ {
		id := fmt.Sprintf("FILLER%06d", n)
		if taken[id] {
			continue
		}
		s.users = append(s.users, seedUser{ID: id, place: "filler " + id, filler: true})
		fillers = append(fillers, id)
	}
	first := len(s.teams)
	for n := 1; len(s.teams) < teams; n++ {
		id := fmt.Sprintf("FILLTEAM%04d", n)
		if !taken[id] {
			s.teams = append(s.teams, seedTeam{ID: id, place: "filler " + id})
		}
	}
	made := s.teams[first:]
	for i, id := range fillers {
		if len(made) > 0 {
			t := &made[i%len(made)]
			t.Members = append(t.Members, id)
		}
	}
	return s
}
