package plan_test

import (
	"fmt"
	"io"
	"testing"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// big makes one team of first people and eight of each, each person once.
func big(first, each int) (identity.Snapshot, []string) {
	var people []identity.User
	var teams []identity.Group
	var names []string
	for k, size := range []int{first, each, each, each, each, each, each, each, each} {
		var ids []string
		for i := range size {
			id := fmt.Sprintf("U%d_%05d", k, i)
			ids = append(ids, id)
			people = append(people, identity.User{UserID: id, Active: true, Language: "en", Manager: fmt.Sprintf("U%d_%05d", k, i/10), Roles: []string{roleOne, roleAdmin}})
		}
		names = append(names, fmt.Sprintf("Team%d", k))
		teams = append(teams, group(names[k], ids...))
	}
	return tenantOf("email", people, teams...), names
}

func BenchmarkMake(b *testing.B) {
	row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Replace, TeamRoles: identity.Replace, Members: identity.Replace}
	for _, size := range []int{1000, 10000} {
		source, names := big(3*size, size)
		req := copyTeams(row, names...)
		empty := tenantOf("email", nil)
		for name, target := range map[string]identity.Snapshot{"all new": empty, "all equal": clone(source)} {
			b.Run(fmt.Sprintf("people=%d/%s", len(source.Users), name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					p := plan.Make(req, source, target, plan.Rules{Guards: plan.DefaultGuards()})
					if p.Empty() == (len(target.Users) == 0) {
						b.Fatal("the plan is not as expected")
					}
				}
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	source, names := big(30000, 10000)
	row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Add, UserTeams: identity.Add, TeamRoles: identity.Add, Members: identity.Add}
	p := plan.Make(copyTeams(row, names...), source, tenantOf("email", nil), plan.Rules{})
	b.ReportAllocs()
	for b.Loop() {
		if err := plan.Encode(io.Discard, p); err != nil {
			b.Fatal(err)
		}
	}
}
