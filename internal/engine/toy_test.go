package engine_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sac"
	"sacbridge/internal/sac/session"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/store/bolt"
)

// TestAToyProgramCopiesATeam is a third program, from its tenants to its result.
func TestAToyProgramCopiesATeam(t *testing.T) {
	t.Parallel()
	dev := toyTenant(t, "dev", `{"users":[{"id":"ANNA"}],"teams":[{"id":"Finance","members":["ANNA"]}]}`)
	prod := toyTenant(t, "prod", `{"users":[]}`)
	leases := bolt.LeaseFile(filepath.Join(t.TempDir(), "toy.leases"), time.Now)
	toy := engine.New(engine.Deps{Program: "toy", Leases: leases, Journals: bolt.NewJournalFolder(t.TempDir(), leases, bolt.Options{})})
	report, err := toy.Change(t.Context(), engine.Operation{
		From: dev, To: prod, Command: "toy copy", Rules: plan.Rules{Guards: plan.DefaultGuards()},
		Request: engine.FixedRequest(plan.Request{Steps: []plan.Step{{Origin: "toy", CopyTeam: &plan.CopyTeam{
			Team: "Finance", Users: plan.UsersMissing, UserRoles: identity.Add, UserTeams: identity.Keep,
			TeamRoles: identity.Add, Members: identity.Add, Name: plan.NameKeep,
		}}}}),
		Approve: func(_ context.Context, p *plan.Plan) error { t.Logf("%d changes", len(p.Changes)); return nil },
	})
	if err != nil || !report.Result.Complete() || len(report.Result.Entities) != 2 {
		t.Errorf("got %+v, %v", report.Result, err)
	}
}

func toyTenant(t *testing.T, name, seed string) engine.Endpoint {
	parsed, err := service.ParseSeed(strings.NewReader(seed))
	if err != nil {
		t.Fatal(err)
	}
	run, err := sacsim.Listen(t.Context(), sacsim.ListenOptions{Options: sacsim.Options{Name: name, Seed: parsed}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run.Close)
	secret := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
	conn, err := sac.New(sac.Config{Name: name, URL: run.Ready.URL, TokenURL: run.Ready.TokenURL, Platform: run.Ready.Platform, SSO: run.Ready.SSO, Namespace: run.Ready.Namespace, Session: session.Config{ClientID: secret(run.Ready.ClientID), ClientSecret: secret(run.Ready.ClientSecret)}})
	if err != nil {
		t.Fatal(err)
	}
	return engine.Endpoint{Conn: conn}
}
