package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var errPlain = errors.New("a plain error")

func TestCodeOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		err   error
		want  int
		known bool
	}{
		{"no error", nil, 0, true},
		{"a nil error that was given a code", Coded(7, nil), 0, true},
		{"an error with a code", Coded(7, errPlain), 7, true},
		{"an error with a code below others", fmt.Errorf("read: %w", Coded(7, errPlain)), 7, true},
		{"two codes, of which the outer one counts", Coded(3, fmt.Errorf("read: %w", Coded(7, errPlain))), 3, true},
		{"an error of usage", Usagef("say what: %w", errPlain), 2, true},
		{"an interruption", fmt.Errorf("read: %w", context.Canceled), 130, true},
		{"an interruption that was given a code", Coded(7, context.Canceled), 7, true},
		{"an error that only the program knows", errPlain, 1, false},
		{"a time-out, which is no interruption", context.DeadlineExceeded, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, known := CodeOf(c.err)
			if got != c.want || known != c.known {
				t.Errorf("got %d, %v, want %d, %v", got, known, c.want, c.known)
			}
		})
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

func TestWithCodesListsTheCodesInOrder(t *testing.T) {
	t.Parallel()
	got := WithCodes("\ncheck looks.\n", []int{130, 0, 2}, func(code int) string { return "means " + strconv.Itoa(code) })
	want := "check looks.\n\nExit codes:\n    0  means 0\n    2  means 2\n  130  means 130"
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("help (-got +want):\n%s", diff)
	}
}
