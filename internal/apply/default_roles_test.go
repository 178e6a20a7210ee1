package apply_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
)

// Default roles are taken off without a word where it is known that they are ones; what somebody may have granted to
// a person of an earlier process stays and is told, though everybody who is looked at has it.
func TestOnlyKnownDefaultRolesAreTakenOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		people   []string // created by batches of one
		killedAt int      // journal point, 0: not
		want     map[string][]string
		told     []string
	}{
		"one process: the role that everybody got goes": {
			people: []string{"ANNA", "BERT"}, want: map[string][]string{"ANNA": {"R1"}, "BERT": {"R1", "R9"}}, told: []string{"BERT R9"},
		},
		"one person, alone: the answer to the create knows": {
			people: []string{"BERT"}, want: map[string][]string{"BERT": {"R1", "R9"}}, told: []string{"BERT R9"},
		},
		"killed before anybody was looked at: nothing is known": {
			people: []string{"BERT"}, killedAt: 3, want: map[string][]string{"BERT": {"R0", "R1", "R9"}}, told: []string{"BERT R0", "BERT R9"},
		},
		"killed after the look: the journal knows": {
			people: []string{"ANNA", "BERT"}, killedAt: 7, want: map[string][]string{"ANNA": {"R1"}, "BERT": {"R1", "R9"}}, told: []string{"BERT R9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newTenant(usual)
			f.defaultRoles = []string{"R0"}
			l := usual
			l.Workers = 1
			f.limits = limitsOf(l)
			f.after = func(op string) {
				if u, there := f.users["BERT"]; there && op == "create users" {
					u.Roles = union(u.Roles, []string{"R9"})
					f.users["BERT"] = u
				}
			}
			p := planOf()
			for _, id := range c.people {
				change := createUser(id, "", "R1")
				change.DecidesAllRoles = true
				p.Changes = append(p.Changes, change)
			}
			j := &watched{memory: &memory{}, at: c.killedAt - 1, do: func() {}, die: c.killedAt > 0}
			res, err := apply.Run(t.Context(), deps(f, j), p)
			if c.killedAt > 0 {
				res, err = apply.Resume(t.Context(), deps(f, j.memory))
			}
			if err != nil {
				t.Fatal(err)
			}
			got, told := map[string][]string{}, []string(nil)
			for _, e := range res.Entities {
				got[e.Key] = f.users[e.Key].Roles
				for _, link := range e.Links {
					told = append(told, fmt.Sprint(e.Key, " ", link.Key))
				}
			}
			if diff := cmp.Diff(got, c.want) + cmp.Diff(told, c.told); diff != "" {
				t.Errorf("roles, and roles that are told (-got +want):\n%s", diff)
			}
		})
	}
}
