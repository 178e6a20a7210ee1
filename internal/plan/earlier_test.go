package plan_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/plan"
)

// earlierPlan is a plan file that the program wrote when its format had version 1.
func earlierPlan(tb testing.TB) string {
	tb.Helper()
	file, err := os.ReadFile("../../testdata/earlier/plan-v1.json")
	if err != nil {
		tb.Fatal(err)
	}
	return string(file)
}

func TestAPlanFileOfVersionOneIsReadAsIfItWereWrittenNow(t *testing.T) {
	t.Parallel()
	got, err := plan.Decode(strings.NewReader(earlierPlan(t)))
	if err != nil {
		t.Fatal(err)
	}
	source, target, req, rules := sampleWorld()
	want := plan.Make(req, source, target, rules)
	want.ID, want.Tool, want.Calls, want.Created = got.ID, got.Tool, got.Calls, got.Created
	// What a file of version 1 does not tell.
	want.Read = plan.Population{}
	want.Conflicts = []plan.Finding{{
		Code: plan.MissingRole, Entity: plan.Role, Key: "PROFILE:t.x:Gone", Users: []string{"C"},
		Text: "the target has no role PROFILE:t.x:Gone, and no API can create one: create it there, or map it in the roles table",
	}}
	want.Skips = []plan.Finding{{
		Code: plan.Earlier, Entity: plan.User, Key: "OWNER", Text: "is the System Owner, whom no API can change: membership of team P stays",
	}}
	for i := range want.Changes {
		want.Changes[i].DecidesAllMembers, want.Changes[i].MembersBefore = false, nil
	}
	if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-read +made now):\n%s", diff)
	}
	if stale := got.FindStale(source, target); len(stale) > 0 {
		t.Errorf("got stale %+v of an unchanged world, want none", stale)
	}
	if again, err := plan.Decode(strings.NewReader(encoded(t, got))); err != nil || !cmp.Equal(again, got, cmpopts.EquateEmpty()) {
		t.Errorf("got %v and other content once it is written in the present version", err)
	}
}

func TestAnEditedPlanFileOfVersionOneIsRefused(t *testing.T) {
	t.Parallel()
	file := earlierPlan(t)
	for _, edit := range [][2]string{
		{`"key": "OWNER"`, `"key": "OTHER"`},
		{`"kind": "missing role"`, `"kind": "email taken"`},
		{`over the limit of 0`, `over the limit of 1`},
		{`"user:A": "`, `"user:A": "0`},
	} {
		edited := strings.Replace(file, edit[0], edit[1], 1)
		if edited == file {
			t.Fatalf("the file has no %s", edit[0])
		}
		if _, err := plan.Decode(strings.NewReader(edited)); !errors.Is(err, plan.ErrEdited) {
			t.Errorf("got %v with %s for %s, want it refused", err, edit[1], edit[0])
		}
	}
	mixed := strings.Replace(file, `"version": 1`, `"version": 2`, 1)
	if _, err := plan.Decode(strings.NewReader(mixed)); !errors.Is(err, plan.ErrNotPlan) {
		t.Errorf("got %v for a file of version 1 that says it is of version 2, want it refused", err)
	}
}
