package sac_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// priceSeed has forty people, each with three roles, and a team of twenty.
const priceSeed = `{"users":[{"id":"SYSOWNER","systemOwner":true}],
 "usersRange":[{"prefix":"U","from":1,"to":40,"pad":4,"domain":"example.com","user":{"roles":["PROFILE:t.A:R1","PROFILE:t.A:R2","PROFILE:t.A:R3"]}}],
 "roles":["PROFILE:t.A:R4"],
 "teams":[{"id":"T","roles":["PROFILE:t.A:R1"],"membersRange":[{"prefix":"U","from":1,"to":20,"pad":4}]}]}`

var priceRoles = []string{"PROFILE:t.A:R1", "PROFILE:t.A:R2", "PROFILE:t.A:R3"}

// spent counts the requests that the work takes, those for tokens left out.
func (s *sim) spent(work func()) int {
	s.t.Helper()
	s.calls()
	work()
	n := 0
	for _, count := range s.calls() {
		n += count
	}
	return n
}

// drawUpdate makes an update of one person that changes something.
func drawUpdate(t *rapid.T, id string) upstream.UserUpdate {
	u := upstream.UserUpdate{UserKey: upstream.UserKey{UserID: id}, RolesBefore: priceRoles}
	kind := rapid.SampledFrom([]string{"language", "add", "remove", "all", "exact"}).Draw(t, "kind of "+id)
	if kind == "language" || kind == "all" {
		u.Language = edit("en", "de")
	}
	if kind == "add" || kind == "all" || kind == "exact" {
		u.AddRoles = []string{"PROFILE:t.A:R4"}
	}
	if kind == "remove" || kind == "all" {
		u.RemoveRoles = priceRoles[:rapid.IntRange(1, 3).Draw(t, "removed of "+id)]
	}
	u.DecidesAllRoles = kind == "exact"
	return u
}

func TestThePriceOfUpdatesIsWhatIsSent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t, setup{
			platform: rapid.SampledFrom([]service.Platform{service.CF, service.NEO}).Draw(rt, "platform"), seed: priceSeed,
			noBulk: rapid.Bool().Draw(rt, "no Bulk"), noLookup: rapid.Bool().Draw(rt, "no batched look-ups"),
			facts: upstream.Facts{RolePatch: rapid.SampledFrom([]upstream.Tri{upstream.Untried, upstream.Yes, upstream.No}).Draw(rt, "single roles")},
		})
		defer s.shut()
		s.find(upstream.UserQuery{All: true}) // as a plan does
		if err := s.Discover(t.Context()); err != nil {
			rt.Fatal(err)
		}
		size := min(s.Limits(0).UpdateBatch, rapid.IntRange(1, 40).Draw(rt, "people"))
		var updates []upstream.UserUpdate
		for _, id := range ids("U", 1, size) {
			updates = append(updates, drawUpdate(rt, id))
		}
		price := s.UpdateCalls(updates)
		got := s.spent(func() { noErr(t, s.UpdateUsers(t.Context(), updates)...) })
		if got != price {
			rt.Errorf("%d updates took %d calls, the price was %d: %v", len(updates), got, price, s.Facts())
		}
	})
}

func TestThePriceOfTeamWritesIsWhatIsSent(t *testing.T) {
	t.Parallel()
	team := ids("U", 1, 20)
	description := edit("T", "new")
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, api := range []string{"auto", "1", "2"} {
			for name, u := range map[string]upstream.GroupUpdate{
				"members added":       {AddMembers: ids("U", 21, 30)},
				"members removed":     {RemoveMembers: ids("U", 1, 5)},
				"exact members":       {AddMembers: ids("U", 21, 30), MembersBefore: team, DecidesAllMembers: true},
				"the description":     {Description: description},
				"description, exact":  {Description: description, RemoveMembers: ids("U", 1, 5), MembersBefore: team, DecidesAllMembers: true},
				"roles":               {AddRoles: []string{"PROFILE:t.A:R4"}, RolesBefore: priceRoles[:1]},
				"exact roles":         {RemoveRoles: priceRoles[:1], RolesBefore: priceRoles[:1], DecidesAllRoles: true},
				"roles and a member":  {AddRoles: []string{"PROFILE:t.A:R4"}, RolesBefore: priceRoles[:1], AddMembers: []string{"U0030"}},
				"what is there":       {AddMembers: ids("U", 1, 2)},
				"everything together": {AddRoles: []string{"PROFILE:t.A:R4"}, RolesBefore: priceRoles[:1], AddMembers: []string{"U0030"}, Description: description},
			} {
				if platform == service.NEO && (api == "2" || name == "what is there") || api == "1" && name == "what is there" {
					continue // a PUT that changes nothing is not sent
				}
				t.Run(fmt.Sprintf("%s api %s: %s", platform, api, name), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, api: api, seed: priceSeed})
					s.find(upstream.UserQuery{All: true})
					u.GroupKey, u.Size = teamKey(s, "T"), 20
					price := s.GroupCalls(&u)
					if got := s.spent(func() { noErr(t, s.UpdateGroup(t.Context(), u)) }); got != price {
						t.Errorf("took %d calls, the price was %d", got, price)
					}
				})
			}
		}
	}
}

func TestThePriceOfOtherWritesIsWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, sso := range []service.SSO{service.SSODefault, service.SSOEmail, service.SSOCustom} {
			for _, noBulk := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %s no Bulk %v", platform, sso, noBulk), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, sso: sso, seed: priceSeed, noBulk: noBulk})
					s.find(upstream.UserQuery{All: true})
					if err := s.Discover(t.Context()); err != nil {
						t.Fatal(err)
					}
					l := s.Limits(0)
					people := newcomers("N", l.CreateBatch)
					if got, price := s.spent(func() { noErr(t, s.CreateUsers(t.Context(), people)...) }), s.CreateCalls(people); got != price {
						t.Errorf("create: took %d calls, the price was %d", got, price)
					}
					var keys []upstream.UserKey
					for _, u := range s.find(upstream.UserQuery{UserIDs: ids("U", 1, l.DeleteBatch)}) {
						keys = append(keys, upstream.UserKey{UserID: u.UserID, Ref: u.Ref})
					}
					if got := s.spent(func() { noErr(t, s.DeleteUsers(t.Context(), keys)...) }); got != l.DeleteCalls {
						t.Errorf("delete: took %d calls, the price is %d", got, l.DeleteCalls)
					}
					var made upstream.Outcome
					if got := s.spent(func() { made = s.CreateGroup(t.Context(), &identity.Group{Name: "New", Description: "It is new"}) }); got != l.GroupCreateCalls {
						t.Errorf("create team: took %d calls, the price is %d", got, l.GroupCreateCalls)
					}
					noErr(t, made)
					if got := s.spent(func() { noErr(t, s.DeleteGroup(t.Context(), upstream.GroupKey{Name: "New", Ref: made.Ref})) }); got != l.GroupDeleteCalls {
						t.Errorf("delete team: took %d calls, the price is %d", got, l.GroupDeleteCalls)
					}
				})
			}
		}
	}
}

func TestAUnitOfUpdatesIsWhatOneReadingServes(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sizes []int64
	s := open(t, setup{seed: crowd(150), before: func(_ func(...service.Edit), r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/Bulk") {
			mu.Lock()
			defer mu.Unlock()
			sizes = append(sizes, r.ContentLength)
		}
	}})
	s.find(upstream.UserQuery{All: true})
	if err := s.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.Limits(0).UpdateBatch; got != 120 {
		t.Fatalf("UpdateBatch = %d, want four Bulks of thirty", got)
	}
	var updates []upstream.UserUpdate
	for _, id := range ids("U", 1, 100) {
		updates = append(updates, upstream.UserUpdate{UserKey: key(id), Language: edit("en", "de")})
	}
	noErr(t, s.UpdateUsers(t.Context(), updates)...)
	s.wantCalls(map[string]int{"GET /api/v1/scim2/Users": 1, configCall: 1, searchV2: 2, bulkRoute: 4})
	if slices.Max(sizes)-slices.Min(sizes) > 10 {
		t.Errorf("Bulks of %d bytes, want four equal ones", sizes)
	}
}
