package directory_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sacbridge/internal/directory"
)

func TestIDsReadBackAndSortByAge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 1<<47).Draw(rt, "at"))
		older, err := directory.NewID(at)
		younger, err2 := directory.NewID(at.Add(time.Millisecond))
		if err := errors.Join(err, err2); err != nil {
			rt.Fatal(err)
		}
		if older.Compare(younger) >= 0 {
			rt.Errorf("%s is not before %s", older, younger)
		}
		text := older.String()
		if text[14] != '7' || !strings.Contains("89ab", text[19:20]) {
			rt.Errorf("%s is not of version 7", text)
		}
		for _, form := range []string{text, strings.ToUpper(text)} {
			if got, err := directory.ParseID(form); got != older || err != nil {
				rt.Errorf("got %s and error %v, want %s", got, err, older)
			}
		}
	})
}

func FuzzParseID(f *testing.F) {
	for _, text := range []string{"", "019c0000-0000-7000-8000-000000000001", "019c0000000070008000000000000001", "g19c0000-0000-7000-8000-000000000001", "019c0000-0000-7000-8000-00000000000\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := directory.ParseID(text)
		if err == nil && id.String() != strings.ToLower(text) {
			t.Errorf("%q reads as %s", text, id)
		}
		if err != nil && (!errors.Is(err, directory.ErrID) || !id.IsZero() && len(text) != 36) {
			t.Errorf("%q: got %v", text, err)
		}
	})
}
