package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sacbridge/internal/sacsim/service"
)

// The people of the demo: twenty given names with twenty initials by fifteen family names make 300
// different user IDs.
const (
	demoGiven  = "Anna Ben Clara David Emma Felix Grace Hugo Iris Jonas Kira Leo Mia Noah Olga Paul Quinn Rosa Sven Tara"
	demoFamily = "Adler Brandt Costa Dupont Engel Fischer Garcia Hansen Ivanov Jansen Keller Lopez Moreau Novak Olsen"
	demoTeams  = "Finance Sales Marketing Controlling Logistics Research Legal Purchasing Production Quality Service Board"
)

// demoExisting is how many of the people the target has before the demo copies anybody.
const demoExisting = 40

// seedPerson and seedGroup are entries of a seed file; absent keys have the simulator's defaults.
type seedPerson struct {
	ID         string   `json:"id"`
	Email      string   `json:"email"`
	GivenName  string   `json:"givenName,omitempty"`
	FamilyName string   `json:"familyName,omitempty"`
	Display    string   `json:"displayName,omitempty"`
	Manager    string   `json:"manager,omitempty"`
	Roles      []string `json:"roles,omitempty"`
	Owner      bool     `json:"systemOwner,omitempty"`
}

type seedGroup struct {
	ID      string   `json:"id"`
	Display string   `json:"displayName"`
	Roles   []string `json:"roles,omitempty"`
	Members []string `json:"members,omitempty"`
}

// seedTenant is a seed file.
type seedTenant struct {
	Users []seedPerson `json:"users"`
	Teams []seedGroup  `json:"teams"`
	Roles []string     `json:"roles"`
}

// parse makes the simulator's seed of it.
func (s seedTenant) parse() (service.Seed, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return service.Seed{}, fmt.Errorf("encode the demo's data: %w", err)
	}
	return service.ParseSeed(bytes.NewReader(data))
}

// demoPeople makes the 300 people with role links in a content namespace. Every 25th leads the next 24.
func demoPeople(namespace string) []seedPerson {
	people := []seedPerson{}
	for family := range strings.FieldsSeq(demoFamily) {
		for given := range strings.FieldsSeq(demoGiven) {
			i := len(people)
			p := seedPerson{
				ID: strings.ToUpper(given[:1] + family), Email: strings.ToLower(given + "." + family + "@example.com"),
				GivenName: given, FamilyName: family, Display: given + " " + family,
				Roles: []string{"PROFILE:" + namespace + ":" + []string{"Analyst", "Planner", "Reporter"}[i%3]},
			}
			if i%25 != 0 {
				p.Manager = people[i-i%25].ID
			}
			people = append(people, p)
		}
	}
	return people
}

// demoSource is the tenant "dev": 300 people in twelve teams.
func demoSource() seedTenant {
	people := demoPeople("t.DEV")
	s := seedTenant{
		Users: append([]seedPerson{{ID: "SYSOWNER", Email: "owner@example.com", Owner: true}}, people...),
		Roles: demoRoles("t.DEV", "Analyst", "Planner", "Reporter", "Auditor"),
	}
	for i, name := range strings.Fields(demoTeams) {
		team := seedGroup{ID: name, Display: name + " department", Roles: demoRoles("t.DEV", "Reporter")}
		if name == "Legal" {
			team.Roles = demoRoles("t.DEV", "Auditor") // the role that the target lacks
		}
		for j, p := range people {
			if j%12 == i || j%60 == i {
				team.Members = append(team.Members, p.ID)
			}
		}
		s.Teams = append(s.Teams, team)
	}
	return s
}

// demoTarget is the tenant "prod": it has some of the people and two of the teams already, someone else
// with an e-mail of the source, and lacks one role.
func demoTarget() seedTenant {
	s := seedTenant{
		Users: []seedPerson{{ID: "SYSOWNER", Email: "owner@example.com", Owner: true}},
		Roles: demoRoles("t.PRD", "Analyst", "Planner", "Reporter"),
	}
	people := demoPeople("t.PRD")
	var known []string
	for _, p := range people[:demoExisting] {
		p.Manager = "" // managers come with the copy of everybody
		known = append(known, p.ID)
		s.Users = append(s.Users, p)
	}
	taken := people[len(people)-1]
	s.Users = append(s.Users, seedPerson{ID: "OLD_ACCOUNT", Email: taken.Email, Display: "Account of an earlier year"})
	s.Teams = []seedGroup{
		{ID: "Finance", Display: "Finance", Roles: demoRoles("t.PRD", "Planner"), Members: known[:10]},
		{ID: "Sales", Display: "Sales", Members: known[10:15]},
	}
	return s
}

func demoRoles(namespace string, names ...string) []string {
	roles := make([]string, len(names))
	for i, n := range names {
		roles[i] = "PROFILE:" + namespace + ":" + n
	}
	return roles
}
