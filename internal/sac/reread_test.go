package sac_test

import (
	"testing"

	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// People who were just created are found by their e-mails in one search, even where no search knows
// user IDs.
func TestCreatedPeopleAreReadAgainInOneCall(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, sso := range []service.SSO{service.SSODefault, service.SSOUserID, service.SSOEmail, service.SSOCustom} {
			t.Run(string(platform)+" "+string(sso), func(t *testing.T) {
				t.Parallel()
				s := open(t, setup{platform: platform, sso: sso, seed: `{"users":[{"id":"SYSOWNER","systemOwner":true}],"usersRange":[{"prefix":"X","from":1,"to":900}]}`})
				people := newcomers("N", 90)
				s.find(upstream.UserQuery{All: true}) // a plan has been made, so the tenant's size is known
				q := upstream.UserQuery{}
				for _, u := range people {
					q.UserIDs, q.Emails = append(q.UserIDs, u.UserID), append(q.Emails, u.Email)
				}
				for size := s.Limits(0).CreateBatch; len(people) > 0; people = people[min(size, len(people)):] {
					noErr(t, s.CreateUsers(t.Context(), people[:min(size, len(people))])...)
				}
				s.calls()
				if got := len(s.find(q)); got != 90 {
					t.Errorf("found %d people, want 90", got)
				}
				calls := 0
				for _, n := range s.calls() {
					calls += n
				}
				if calls != 1 {
					t.Errorf("took %d calls, want 1", calls)
				}
			})
		}
	}
}
