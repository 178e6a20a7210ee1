package sac_test

import (
	"fmt"
	"testing"

	"sacbridge/internal/sacsim/service"
)

func TestCountTellsHowManyThereAreByTwoRequests(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, people := range []int{1, 450} {
			t.Run(fmt.Sprintf("%s %d", platform, people), func(t *testing.T) {
				t.Parallel()
				s := open(t, setup{platform: platform, people: people, seed: `{"users":[{"id":"SYSOWNER","systemOwner":true}],"teams":[{"id":"A"},{"id":"B"}]}`})
				before := s.Stats().Calls
				gotPeople, gotTeams, err := s.Count(t.Context())
				if err != nil || gotPeople != people || gotTeams != 2 {
					t.Errorf("got %d people, %d teams, %v; want %d and 2", gotPeople, gotTeams, err, people)
				}
				if calls := s.Stats().Calls - before; calls > 3 { // a token may be among them
					t.Errorf("%d calls, want 2 and a token", calls)
				}
			})
		}
	}
}

func TestCountFailsWithAClass(t *testing.T) {
	t.Parallel()
	s := open(t, setup{faults: `[{"match":{"path":"Groups"},"prob":1,"action":"status","status":403}]`})
	if people, teams, err := s.Count(t.Context()); err == nil || people != 0 || teams != 0 {
		t.Errorf("got %d, %d, %v, want an error", people, teams, err)
	}
}
