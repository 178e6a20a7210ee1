package sac_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/identity"
	"sacbridge/internal/sac"
	"sacbridge/internal/sacsim/service"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		s    setup
		step string
		want string
	}{
		{setup{seed: linkSeed}, "", ""},
		{setup{seed: linkSeed, platform: service.NEO}, "", ""},
		{setup{seed: linkSeed, api: "2"}, "", ""},
		{setup{seed: linkSeed, settings: `{"userProvisioning":false}`}, "token", "fail"},
		{setup{seed: linkSeed, settings: hiddenOff}, "", ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%+v", tt.s)[:20], func(t *testing.T) {
			t.Parallel()
			s := open(t, tt.s)
			found := s.Check(t.Context(), clock)
			for _, f := range found {
				if string(f.Level) == "ok" && f.Cure != "" || string(f.Level) == "fail" && f.Cure == "" {
					t.Errorf("%+v", f)
				}
				if f.Step == tt.step {
					if string(f.Level) != tt.want {
						t.Errorf("%+v, want %s", f, tt.want)
					}
				} else if string(f.Level) != "ok" {
					t.Errorf("%+v", f)
				}
			}
		})
	}
	t.Run("hidden teams, a wrong sso and a wrong clock are found", func(t *testing.T) {
		t.Parallel()
		s := open(t, setup{seed: linkSeed, settings: hiddenOff, sso: service.SSOUserID})
		noErr(t, s.CreateGroup(t.Context(), &identity.Group{Name: "Ghost"}))
		wrong := s.as("email")
		levels := map[string]string{}
		for _, f := range wrong.Check(t.Context(), lateClock) {
			levels[f.Step] = string(f.Level)
		}
		if levels["hidden teams"] != "warn" || levels["clock"] != "warn" || levels["sso"] != "fail" {
			t.Errorf("levels %v", levels)
		}
	})
}

// Trial 5: userid on a tenant of e-mails, and the other way round, passed as good.
func TestASSOModeThatThePeopleContradictIsToldWithTheRightOne(t *testing.T) {
	t.Parallel()
	const custom = `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"A","userName":"x-1"},{"id":"B","userName":"x-2"},{"id":"C","userName":"x-3"}]}`
	modes := []service.SSO{service.SSODefault, service.SSOUserID, service.SSOEmail, service.SSOCustom}
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, real := range modes {
			for _, configured := range modes {
				t.Run(fmt.Sprintf("%s %s, configured as %s", platform, real, configured), func(t *testing.T) {
					t.Parallel()
					seed := linkSeed
					if real == service.SSOCustom {
						seed = custom
					}
					s := open(t, setup{platform: platform, sso: real, seed: seed})
					got := step(t, s.as(configured), "sso")
					// v1 shows the same for default and userid, and custom may be anything.
					fits := configured == real || configured == service.SSOCustom ||
						platform == service.NEO && configured != service.SSOEmail && real != service.SSOEmail && real != service.SSOCustom
					if fits != (got.Level == sac.OK) || !fits && !strings.Contains(got.Cure, "write sso: ") || !fits && !strings.Contains(got.Cure, string(real)) {
						t.Errorf("got %+v", got)
					}
				})
			}
		}
	}
}

// Trial 5: a NEO tenant called cf, and one of CF called neo.
func TestATenantOfTheOtherEnvironmentIsTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		platform, configured service.Platform
		step, cure           string
	}{
		{service.CF, service.NEO, "platform", "write platform: cf"},
		{service.NEO, service.CF, "v2", "write platform: neo"},
	} {
		s := open(t, setup{platform: tt.platform, seed: linkSeed})
		if got := step(t, s.on(tt.configured), tt.step); got.Level != sac.Fail || !strings.Contains(got.Cure, tt.cure) {
			t.Errorf("%s called %s: %+v", tt.platform, tt.configured, got)
		}
	}
	if got := step(t, open(t, setup{platform: service.NEO, seed: linkSeed}), "platform"); got.Level != sac.OK {
		t.Errorf("neo called neo: %+v", got)
	}
}

func TestNobodyIsNoReasonToDoubtTheSSOMode(t *testing.T) {
	t.Parallel()
	s := open(t, setup{sso: service.SSOEmail, seed: `{"users":[]}`})
	if got := step(t, s.as(service.SSOUserID), "sso"); got.Level != sac.OK {
		t.Errorf("got %+v", got)
	}
}

func TestTheSystemOwnerIsSoughtBeyondTheFirstPage(t *testing.T) {
	t.Parallel()
	last := strings.Replace(linkSeed, `"id":"SYSOWNER"`, `"id":"ZOWNER"`, 1)
	nobody := strings.Replace(linkSeed, `"systemOwner":true`, `"systemOwner":false`, 1)
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		if got := step(t, open(t, setup{platform: platform, seed: last}), "system owner"); got.Level != sac.OK {
			t.Errorf("%s, on the last page: %+v", platform, got)
		}
		got := step(t, open(t, setup{platform: platform, seed: nobody}), "system owner")
		if got.Level != sac.Warn || !strings.Contains(got.Text, "none of 4") || !strings.Contains(got.Cure, "protect.users") {
			t.Errorf("%s, without one: %+v", platform, got)
		}
	}
}

// step gives what Check says about one step.
func step(t *testing.T, tenant interface {
	Check(context.Context, func() time.Time) []sac.CheckResult
}, name string,
) sac.CheckResult {
	t.Helper()
	for _, f := range tenant.Check(t.Context(), clock) {
		if f.Step == name {
			return f
		}
	}
	t.Fatalf("no word about %s", name)
	return sac.CheckResult{}
}
