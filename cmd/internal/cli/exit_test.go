package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/plan"
	"sacbridge/internal/store/bolt"
	"sacbridge/internal/upstream"
)

var errPlain = errors.New("a plain error")

func TestErrorsBecomeExitCodes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"no error":                          {nil, ExitOK},
		"a nil error that was given a code": {Coded(7, nil), ExitOK},
		"an error with a code":              {Coded(7, errPlain), 7},
		"an error with a code below others": {fmt.Errorf("read: %w", Coded(7, errPlain)), 7},
		"two codes: the outer one counts":   {Coded(3, fmt.Errorf("read: %w", Coded(7, errPlain))), 3},
		"an error of usage":                 {Usagef("say what: %w", errPlain), ExitUsage},
		"a wrapped error of usage":          {fmt.Errorf("x: %w", Usagef("no")), ExitUsage},
		"an unknown error":                  {errPlain, ExitFailure},
		"a time-out is no interruption":     {context.DeadlineExceeded, ExitFailure},
		"a cancelled context":               {fmt.Errorf("read: %w", context.Canceled), ExitInterrupted},
		"an interruption with a code":       {Coded(7, context.Canceled), 7},
		"a leased tenant":                   {fmt.Errorf("x: %w", &apply.LeaseHeldError{}), ExitUsage},
		"nothing was started":               {&engine.NotStartedError{Err: errPlain}, ExitUsage},
		"an interrupted run":                {fmt.Errorf("x: %w", &engine.InterruptedError{}), ExitInterrupted},
		"a run that is done in part":        {fmt.Errorf("x: %w", &engine.PartialError{}), ExitPartial},
		"a plan that is held":               {&engine.GuardsExceededError{Guards: make([]plan.ExceededGuard, 1)}, ExitHeld},
		"a plan of what is protected now":   {&engine.ProtectedError{Hits: make([]plan.Finding, 1)}, ExitHeld},
		"a stale plan":                      {&engine.StaleError{Stale: make([]plan.Stale, 1)}, ExitStale},
		"a plan that others overtook":       {&engine.LeaseLostError{Err: errPlain}, ExitStale},
		"a plan with conflicts":             {&engine.ConflictsError{}, ExitConflicts},
		"a team that people were found by":  {&engine.MissingTeamError{}, ExitConflicts},
		"a rule that fits nobody":           {&engine.NobodySelectedError{}, ExitUsage},
		"a rule with an unknown name":       {&engine.UnknownNameError{}, ExitUsage},
		"a file in use":                     {fmt.Errorf("x: %w", bolt.ErrInUse), ExitUsage},
		"a lease file that is damaged":      {fmt.Errorf("x: %w", bolt.ErrLeaseFile), ExitUsage},
		"a file of a newer version":         {fmt.Errorf("x: %w", bolt.ErrNewer), ExitUsage},
		"a backup that is none":             {fmt.Errorf("x: %w", bolt.ErrBackup), ExitUsage},
		"refused credentials":               {fmt.Errorf("x: %w", &upstream.Error{Class: upstream.Credentials}), ExitCredentials},
		"no connection":                     {&upstream.Error{Class: upstream.RetryLater, Unreachable: true}, ExitUnreachable},
		"a proxy that takes credentials":    {&upstream.Error{Class: upstream.Credentials, Unreachable: true}, ExitUnreachable},
		"a throttled tenant":                {&upstream.Error{Class: upstream.RetryLater}, ExitUnreachable},
		"a refused request":                 {&upstream.Error{Class: upstream.Refused}, ExitFailure},
		"a cancelled call":                  {&upstream.Error{Class: upstream.Cancelled}, ExitInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ExitCode(tt.err); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}

func TestEveryExitCodeHasAMeaningOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, code := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 130} {
		meaning := Meaning(code)
		if other, twice := seen[meaning]; twice || meaning == "unknown" {
			t.Errorf("code %d means %q, as does %d", code, meaning, other)
		}
		seen[meaning] = code
	}
	if got := Meaning(9); got != "unknown" {
		t.Errorf("code 9 means %q, though no command ends with it", got)
	}
}

func TestACodeLeavesTheErrorAlone(t *testing.T) {
	t.Parallel()
	err := Codef(3, "copy %s: %w", "ADA", errPlain)
	if got, want := err.Error(), "copy ADA: a plain error"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, errPlain) {
		t.Errorf("%v is not the error below it", err)
	}
}

// Trial 18: a program without runs does not speak of resuming one.
func TestTrial18AProgramWithoutRunsIsInterruptedAndNoMore(t *testing.T) {
	t.Parallel()
	got := WithCodes("check looks.", []int{0, 1, 2, 10, 130})
	if !strings.HasSuffix(got, "\n  130  interrupted") {
		t.Errorf("help ends with %q", got)
	}
}

func TestWithCodesListsTheCodesInOrder(t *testing.T) {
	t.Parallel()
	got := WithCodes("\ncheck looks.\n", []int{130, 0, 4})
	want := "check looks.\n\nExit codes:\n    0  done, or nothing to do\n    4  held by a guard; nothing was written\n  130  interrupted or declined; an interrupted run can be resumed"
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("help (-got +want):\n%s", diff)
	}
}
