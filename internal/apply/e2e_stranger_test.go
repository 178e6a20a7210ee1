package apply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// TestAStrangersAccountIsLeftAlone lets another administrator create BOSS, whom the plan creates too, after the plan
// was made: with another e-mail, or with the same one. Whatever the tenant's clock and its answers say, that account
// stays as it is, and the run says whose it is.
func TestAStrangersAccountIsLeftAlone(t *testing.T) {
	t.Parallel()
	source, target := everyWriteSeeds()
	for name, v := range clientVariants() {
		for _, email := range []string{"somebody.else@example.com", "boss@example.com"} {
			for status, faults := range map[string][]sacsim.Fault{
				"told as it is":    nil,
				"told as 502":      {{Once: true, Match: sacsim.Match{Method: "POST", Body: `"?BOSS"?`}, Action: sacsim.ActStatus, Status: 502}},
				"told as 409":      {{Once: true, Match: sacsim.Match{Method: "POST", Body: `"?BOSS"?`}, Action: sacsim.ActStatus, Status: 409}},
				"told after a 429": {{Once: true, Match: sacsim.Match{Method: "POST", Body: `"?BOSS"?`}, Action: sacsim.Act429}},
			} {
				for _, skew := range []time.Duration{0, time.Hour, -time.Hour} {
					t.Run(fmt.Sprintf("%s, %s, %s, clock off by %s", name, email, status, skew), func(t *testing.T) {
						t.Parallel()
						f := faultyTrial{clientVariant: v, source: source, target: target, faults: faults, skew: skew}
						synctest.Test(t, func(t *testing.T) { f.meetStranger(t, email) })
					})
				}
			}
		}
	}
}

// meetStranger copies while BOSS has come to be, and resumes.
func (f faultyTrial) meetStranger(t *testing.T, email string) {
	dev := newSimulated(t, sacsim.Options{Name: "dev", Platform: service.CF, Namespace: "t.A"}, f.source)
	prod := newSimulated(t, sacsim.Options{Name: "prod", Platform: f.platform, Namespace: "t.A"}, f.target)
	prod.settings(t, map[string]any{"clockSkewSeconds": f.skew.Seconds()})
	prod.settings(t, f.settings)
	stored, p := newStoredRun(t), &simProcess{}
	conn := p.connect(t, prod, f.kind)
	pl, err := planFrom(t.Context(), p.connect(t, dev, clientKind{}), conn, everyWriteRequest())
	if err != nil {
		t.Fatal(err)
	}
	if err := prod.server.Edit(service.Edit{User: "BOSS", Create: true, AddRoles: []string{granted}, Set: service.EditSet{Email: &email}}); err != nil {
		t.Fatal(err)
	}
	stranger := fmt.Sprintf("%+v", prod.state(t).Users["BOSS"])
	letPass(5 * time.Second)
	prod.faults(t, f.faults...)
	f.judgeStranger(t, pl, prod, stranger, func(l *apply.HeldLease) (*apply.Result, error) {
		return stored.run(t.Context(), p, conn, l, pl)
	}, stored, p)
	prod.faults(t)
	p = &simProcess{}
	f.judgeStranger(t, pl, prod, stranger, func(l *apply.HeldLease) (*apply.Result, error) {
		return stored.resume(t.Context(), p, p.connect(t, prod, f.kind), l)
	}, stored, p)
}

func (f faultyTrial) judgeStranger(t *testing.T, pl *plan.Plan, prod *simulated, stranger string, do func(*apply.HeldLease) (*apply.Result, error), stored *storedRun, p *simProcess) {
	t.Helper()
	res, err := f.leased(t, stored, p, do)
	if err != nil {
		t.Fatal(err)
	}
	now := prod.state(t)
	boss := now.Users["BOSS"]
	boss.Teams = []string{} // the plan may well put whoever has that user ID into its teams
	if got := fmt.Sprintf("%+v", boss); got != stranger {
		t.Errorf("the stranger's account is\n  %s, was\n  %s", got, stranger)
	}
	if _, there := now.Users["BOSS_1"]; there {
		t.Error("there is a BOSS_1")
	}
	named := slices.ContainsFunc(failures(res), func(s string) bool { return strings.HasPrefix(s, "create user BOSS: failed: ") })
	if !named {
		t.Errorf("BOSS is not named: %q", failures(res))
	}
	if problems := append(falselyDone(pl, res, now), prod.complaints(t)...); len(problems) > 0 {
		t.Error(strings.Join(problems, "\n"))
	}
}
