package engine

import (
	"errors"
	"testing"
	"time"

	"sacbridge/internal/apply"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// at is a side at an address.
func at(url string) Endpoint { return Endpoint{Conn: addressed{url: url}} }

type addressed struct {
	upstream.Connector
	url string
}

func (a addressed) Tenant() identity.Tenant { return identity.Tenant{URL: a.url} }

func TestTenantsAreToldApartByHostAndPort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"https://Prod.example.test", "https://prod.example.test:443", true},
		{"https://prod.example.test", "https://prod.example.test/x", true},
		{"http://prod.example.test:80", "http://prod.example.test", true},
		{"http://127.0.0.1:1", "http://127.0.0.1:2", false},
		{"https://prod.example.test", "https://dev.example.test", false},
		{"https://prod.example.test:80", "https://prod.example.test", false},
	} {
		if got := isSameTenant(at(tt.a), at(tt.b)); got != tt.same {
			t.Errorf("%s and %s: same %v, want %v", tt.a, tt.b, got, tt.same)
		}
	}
}

func TestTheOutcomeOfARun(t *testing.T) {
	t.Parallel()
	with := func(s ...apply.Status) *apply.Result {
		r := &apply.Result{RunID: "run-1"}
		for _, one := range s {
			r.Entities = append(r.Entities, apply.EntityResult{Status: one})
		}
		return r
	}
	stopped := with(apply.Done, apply.Pending)
	stopped.Interrupted = true
	for name, tt := range map[string]struct {
		plan   *plan.Plan
		result *apply.Result
		want   string
	}{
		"all is done":                           {&plan.Plan{}, with(apply.Done, apply.Unchanged), ""},
		"something protected was skipped":       {&plan.Plan{}, with(apply.Done, apply.Skipped), ""},
		"one entity failed":                     {&plan.Plan{}, with(apply.Done, apply.Failed), "done in part: 1 of 2 failed, 0 conflicts left out"},
		"one link was left out":                 {&plan.Plan{}, with(apply.Partly), "done in part: 1 of 1 failed, 0 conflicts left out"},
		"all is done but the plan's conflicts":  {&plan.Plan{Conflicts: make([]plan.Finding, 2)}, with(apply.Done), "done in part: 0 of 1 failed, 2 conflicts left out"},
		"the run was interrupted in the middle": {&plan.Plan{}, stopped, "run run-1 is interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := ""
			if err := outcome(tt.plan, tt.result, false); err != nil {
				said = err.Error()
			}
			if said != tt.want {
				t.Errorf("got %q, want %q", said, tt.want)
			}
		})
	}
}

func TestWhatFailedIsWorthATryUnlessTheTenantIsNotAsThePlanHasIt(t *testing.T) {
	t.Parallel()
	failed := func(key string) apply.EntityResult { return apply.EntityResult{Status: apply.Failed, CauseKey: key} }
	partly := func(codes ...string) apply.EntityResult {
		e := apply.EntityResult{Status: apply.Partly}
		for _, code := range codes {
			e.Links = append(e.Links, apply.LinkFailure{Code: code})
		}
		return e
	}
	for name, tt := range map[string]struct {
		entities []apply.EntityResult
		replan   bool
	}{
		"somebody changed it":                  {[]apply.EntityResult{failed("changed/changed"), {Status: apply.Done}}, true},
		"it was deleted":                       {[]apply.EntityResult{failed("gone/gone")}, true},
		"somebody else has the name":           {[]apply.EntityResult{failed("conflict/user-exists")}, true},
		"the tenant was busy":                  {[]apply.EntityResult{failed("retry later/status-429")}, false},
		"one was changed, and one not reached": {[]apply.EntityResult{failed("changed/changed"), failed("unknown/interrupted")}, false},
		"a link was left out":                  {[]apply.EntityResult{partly(upstream.Dropped)}, false},
		"the tenant ignores an attribute":      {[]apply.EntityResult{partly(upstream.Ignored)}, true},
		"it ignores one and left out another":  {[]apply.EntityResult{partly(upstream.Ignored, upstream.Dropped)}, false},
		"an earlier version does not say what": {[]apply.EntityResult{partly()}, false},
		"only the plan's conflicts are left":   {[]apply.EntityResult{{Status: apply.Done}}, false},
	} {
		for _, resumed := range []bool{false, true} {
			err := outcome(&plan.Plan{Conflicts: make([]plan.Finding, 1)}, &apply.Result{Entities: tt.entities}, resumed)
			partial, ok := errors.AsType[*PartialError](err)
			if !ok || partial.Replan != tt.replan || partial.Resumed != resumed {
				t.Errorf("%s: got %+v, want a new plan: %v, resumed: %v", name, err, tt.replan, resumed)
			}
		}
	}
}

func TestTheIDOfARunTellsWhenItBegan(t *testing.T) {
	t.Parallel()
	before := time.Now().Truncate(time.Millisecond)
	id, err := newID()
	if err != nil {
		t.Fatal(err)
	}
	if began, ok := begunAt(id); !ok || began.Before(before) || began.After(time.Now()) {
		t.Errorf("got %v, %v, want now", began, ok)
	}
	for _, other := range []string{"run-1", "6ba7b810-9dad-41d1-80b4-00c04fd430c8"} {
		if began, ok := begunAt(other); ok {
			t.Errorf("%s: got %v, want nothing", other, began)
		}
	}
}
