package store_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/store"
)

func TestARecordReadsBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.MapOf(rapid.String(), rapid.Int()).Draw(rt, "value")
		record, err := store.Encode(want)
		if err != nil {
			rt.Fatal(err)
		}
		var got map[string]int
		if err := store.Decode(record, &got); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			rt.Fatalf("(-got +want):\n%s", diff)
		}
	})
}

func TestWhatIsNoRecordIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		record string
		format bool
	}{
		"nothing":              {"", true},
		"an unknown format":    {"\x02{}", true},
		"broken JSON":          {"\x01{", false},
		"JSON of another kind": {"\x01[]", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var into struct{ A int }
			err := store.Decode([]byte(c.record), &into)
			if err == nil || errors.Is(err, store.ErrFormat) != c.format {
				t.Errorf("got %v, want an error (of the format: %v)", err, c.format)
			}
		})
	}
	if _, err := store.Encode(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x01{\"a\":1}"))
	f.Add([]byte(""))
	f.Add([]byte("\x02"))
	f.Fuzz(func(t *testing.T, record []byte) {
		var first map[string]any
		if store.Decode(record, &first) != nil {
			return
		}
		again, err := store.Encode(first)
		if err != nil {
			t.Fatal(err)
		}
		var second map[string]any
		if err := store.Decode(again, &second); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(second, first); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	})
}

func TestSequenceKeysSortAsNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a, b := rapid.Uint64().Draw(rt, "a"), rapid.Uint64().Draw(rt, "b")
		if got, want := bytes.Compare(store.SeqKey(a), store.SeqKey(b)) < 0, a < b; got != want {
			rt.Errorf("%d before %d: got %v, want %v", a, b, got, want)
		}
		if got, ok := store.Seq(store.SeqKey(a)); !ok || got != a {
			rt.Errorf("got %d, %v, want %d", got, ok, a)
		}
	})
	if _, ok := store.Seq([]byte("short")); ok {
		t.Error("a key of 5 bytes was taken for a number")
	}
}

func TestNamesThatDifferInFormOnlyFoldAlike(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"letter case":             {"ANNA", "anna"},
		"sharp s":                 {"STRASSE", "straße"},
		"composed and decomposed": {"é", "e\u0301"},
		"full width":              {"ＡＢＣ", "abc"},
		"Greek final sigma":       {"ΟΔΟΣ", "οδος"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, want := store.Fold(pair[0]), store.Fold(pair[1]); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	if store.Fold("ı") == store.Fold("i") {
		t.Error("the Turkish dotless i folds to i")
	}
}

func FuzzFoldIsStable(f *testing.F) {
	for _, s := range []string{"", "ANNA", "ǰ", "ͅα", "ﬃ", "ẞ", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := store.Fold(s)
		if got := store.Fold(once); got != once {
			t.Errorf("got %q, want %q", got, once)
		}
	})
}
