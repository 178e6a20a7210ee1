package sac_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

var errLeaseLost = errors.New("the lease is lost")

// allowance is a permission that is given so many times and then refused for good.
type allowance struct {
	mu    sync.Mutex
	left  int
	asked int
	over  chan struct{}
}

func allow(times int) *allowance { return &allowance{left: times, over: make(chan struct{})} }

func (a *allowance) Check() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	if a.left > 0 {
		a.left--
		return nil
	}
	if !a.isOver() {
		close(a.over)
	}
	return errLeaseLost
}

func (a *allowance) Stopping() <-chan struct{} { return a.over }

func (a *allowance) isOver() bool {
	select {
	case <-a.over:
		return true
	default:
		return false
	}
}

// works are all kinds of writes; each gives its outcomes.
var works = map[string]func(t *testing.T, s *sim) []upstream.Outcome{
	"create people": func(t *testing.T, s *sim) []upstream.Outcome {
		return s.CreateUsers(t.Context(), newcomers("N", min(2, s.Limits(0).CreateBatch)))
	},
	"update people": func(t *testing.T, s *sim) []upstream.Outcome {
		return s.UpdateUsers(t.Context(), []upstream.UserUpdate{
			{UserKey: key("ANNA"), Language: edit("en", "de"), AddRoles: []string{roleZ}, RolesBefore: xy},
			{UserKey: key("BERT"), RemoveRoles: []string{roleX}, RolesBefore: xy},
		})
	},
	"delete people": func(t *testing.T, s *sim) []upstream.Outcome {
		return s.DeleteUsers(t.Context(), []upstream.UserKey{key("ANNA"), key("CARL")})
	},
	"create a team": func(t *testing.T, s *sim) []upstream.Outcome {
		return []upstream.Outcome{s.CreateGroup(t.Context(), &identity.Group{Name: "New"})}
	},
	"write roles of a team": func(t *testing.T, s *sim) []upstream.Outcome {
		return []upstream.Outcome{s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: upstream.GroupKey{Name: "T"}, AddRoles: []string{roleZ}, RolesBefore: xy})}
	},
	"write members and description": func(t *testing.T, s *sim) []upstream.Outcome {
		return []upstream.Outcome{s.UpdateGroup(t.Context(), upstream.GroupUpdate{
			GroupKey: upstream.GroupKey{Name: "T"}, AddMembers: []string{"CARL"}, Description: edit("T", "new"),
			MembersBefore: []string{"ANNA", "BERT"}, DecidesAllMembers: true,
		})}
	},
	"delete a team": func(t *testing.T, s *sim) []upstream.Outcome {
		return []upstream.Outcome{s.DeleteGroup(t.Context(), upstream.GroupKey{Name: "T"})}
	},
}

func TestNothingIsSentOnceThePermissionIsRefused(t *testing.T) {
	t.Parallel()
	for doing, work := range works {
		for _, tt := range []setup{{platform: service.NEO}, {}, {noBulk: true}, {api: "2"}} {
			for _, fault := range []string{"", comeAgain["429"], comeAgain["expired token"]} {
				if fault != "" && (tt.noBulk || tt.api != "") {
					continue
				}
				t.Run(fmt.Sprintf("%s %s api %s no Bulk %v, fault %s", doing, tt.platform, tt.api, tt.noBulk, fault), func(t *testing.T) {
					t.Parallel()
					tt := tt // of this test alone
					if fault != "" {
						tt.faults = onceEach(fault, "PUT /", "PATCH /", "POST /(Bulk|Users|Groups)$", "DELETE /")
					}
					points := 0
					for times := 0; ; times++ {
						if done := workUnder(t, tt, work, times); done {
							points = times
							break
						}
					}
					if points < 4 {
						t.Errorf("the permission was asked %d times only", points)
					}
				})
			}
		}
	}
}

// workUnder does the work under a permission for so many questions; it is true where that was enough.
func workUnder(t *testing.T, tt setup, work func(*testing.T, *sim) []upstream.Outcome, times int) bool {
	t.Helper()
	p := allow(times)
	var mu sync.Mutex
	late, writes := 0, 0
	tt.seed, tt.workers = meanwhileSeed, 1
	tt.before = func(_ func(...service.Edit), r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if p.isOver() {
			late++
		}
		if isWrite(r) {
			writes++
		}
	}
	s := open(t, tt)
	defer s.shut()
	s.Writer = s.Tenant.Writer(p)
	outs := work(t, s)
	mu.Lock()
	defer mu.Unlock()
	if !p.isOver() {
		noErr(t, outs...)
		return true
	}
	if late > 0 {
		t.Errorf("permitted %d times: %d requests were sent after the refusal", times, late)
	}
	for i, out := range outs {
		class := upstream.ClassOf(out.Err)
		if writes == 0 && (class != upstream.NotSent || !errors.Is(out.Err, errLeaseLost)) || class != "" && class != upstream.NotSent && class != upstream.Unknown {
			t.Errorf("permitted %d times: %d writes, item %d: %v", times, writes, i, out.Err)
		}
	}
	return false
}
