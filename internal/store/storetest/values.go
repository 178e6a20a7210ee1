package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/store"
)

// OpenValues gives an empty store and a function that opens the same one again, as another process would.
type OpenValues func(t testing.TB) (v store.Values, reopen func() store.Values)

// Values runs the contract of store.Values.
func Values(t *testing.T, open OpenValues) {
	for name, run := range map[string]func(*testing.T, OpenValues){
		"it agrees with a map, also after reopening":            likeAMap,
		"many writers lose nothing":                             concurrentWriters,
		"a cancelled caller gets its error and changes nothing": cancelledPut,
		"what does not encode or decode is an error":            badValues,
		"an error of visit ends the reading":                    endedReading,
		"an update never brings back what is gone":              updatedWhileDeleted,
		"an update sees what others have written":               concurrentUpdates,
		"a refused update leaves the value":                     refusedUpdate,
		"the version tells that something was put or deleted":   versionOfValues,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, open)
		})
	}
}

// valued is a value as users keep one.
type valued struct {
	Name  string
	Count int
}

// allOf reads everything, and says where the keys are not in order.
func allOf(ctx context.Context, v store.Values) (map[string]valued, error) {
	all, last := map[string]valued{}, ""
	err := v.Each(ctx, func(key string, read func(into any) error) error {
		if key <= last {
			return fmt.Errorf("key %q after %q", key, last)
		}
		var one valued
		err := read(&one)
		all[key], last = one, key
		return err
	})
	return all, err
}

func likeAMap(t *testing.T, open OpenValues) {
	rapid.Check(t, func(rt *rapid.T) {
		v, reopen := open(t)
		model := map[string]valued{}
		keys := rapid.SampledFrom([]string{"a", "b", "\x00", "key with blanks", "Ü"})
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			key := keys.Draw(rt, "key")
			old, there := model[key]
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0, 1:
				value := valued{rapid.String().Draw(rt, "name"), rapid.Int().Draw(rt, "count")}
				if err := v.Put(t.Context(), key, value); err != nil {
					rt.Fatal(err)
				}
				model[key] = value
			case 2:
				if err := v.Delete(t.Context(), key); there == (err != nil) || err != nil && !errors.Is(err, store.ErrNoValue) {
					rt.Fatalf("Delete of what is there (%v): got %v", there, err)
				}
				delete(model, key)
			case 3:
				v = reopen()
			case 4:
				if err := v.Update(t.Context(), key, increment); there == (err != nil) || err != nil && !errors.Is(err, store.ErrNoValue) {
					rt.Fatalf("Update of what is there (%v): got %v", there, err)
				}
				if there {
					model[key] = valued{old.Name, old.Count + 1}
				}
			}
			var one valued
			want, there := model[key]
			if err := v.Get(t.Context(), key, &one); one != want || there == (err != nil) || err != nil && !errors.Is(err, store.ErrNoValue) {
				rt.Fatalf("Get: got %v, %v, want %v, %v", one, err, want, there)
			}
			got, err := allOf(t.Context(), v)
			if diff := cmp.Diff(got, model); diff != "" || err != nil {
				rt.Fatalf("error %v (-got +want):\n%s", err, diff)
			}
		}
	})
}

func concurrentWriters(t *testing.T, open OpenValues) {
	v, reopen := open(t)
	want := map[string]valued{}
	var all sync.WaitGroup
	for n := range 100 {
		key := fmt.Sprintf("%03d", n)
		want[key] = valued{key, n}
		all.Go(func() {
			if err := v.Put(t.Context(), key, valued{key, n}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := allOf(t.Context(), reopen())
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("error %v (-got +want):\n%s", err, diff)
	}
}

// increment counts a value up.
func increment(read func(into any) error) (any, error) {
	var one valued
	err := read(&one)
	one.Count++
	return one, err
}

func concurrentUpdates(t *testing.T, open OpenValues) {
	const updates = 50
	v, reopen := open(t)
	if err := v.Put(t.Context(), "a", valued{"a", 0}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range updates {
		all.Go(func() {
			if err := v.Update(t.Context(), "a", increment); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var got valued
	if err := reopen().Get(t.Context(), "a", &got); err != nil || got.Count != updates {
		t.Errorf("got %v, %v, want %d", got, err, updates)
	}
}

func updatedWhileDeleted(t *testing.T, open OpenValues) {
	v, _ := open(t)
	for n := range 20 {
		key := fmt.Sprint(n)
		if err := v.Put(t.Context(), key, valued{key, 0}); err != nil {
			t.Fatal(err)
		}
		var race sync.WaitGroup
		race.Go(func() {
			if err := v.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
		})
		for range 4 {
			race.Go(func() {
				if err := v.Update(t.Context(), key, increment); err != nil && !errors.Is(err, store.ErrNoValue) {
					t.Error(err)
				}
			})
		}
		race.Wait()
	}
	if got, err := allOf(t.Context(), v); len(got) > 0 || err != nil {
		t.Errorf("got %v, %v, want nothing", got, err)
	}
}

func versionOfValues(t *testing.T, open OpenValues) {
	v, _ := open(t)
	seen := map[uint64]bool{}
	next := func(after string, changed bool, err error) {
		t.Helper()
		version, verr := v.Version(t.Context())
		if err = errors.Join(err, verr); err != nil || seen[version] == changed {
			t.Errorf("after %s: got version %d, error %v; want a new one: %v", after, version, err, changed)
		}
		seen[version] = true
	}
	next("nothing", true, nil)
	next("nothing", false, nil)
	next("a put", true, v.Put(t.Context(), "a", valued{}))
	next("the same put", true, v.Put(t.Context(), "a", valued{}))
	next("reading", false, v.Get(t.Context(), "a", &valued{}))
	next("a delete", true, v.Delete(t.Context(), "a"))
}

func refusedUpdate(t *testing.T, open OpenValues) {
	v, _ := open(t)
	if err := v.Put(t.Context(), "a", valued{"kept", 1}); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	if err := v.Update(t.Context(), "a", func(func(any) error) (any, error) { return valued{}, enough }); !errors.Is(err, enough) {
		t.Errorf("got %v, want the error of the change", err)
	}
	if err := v.Update(t.Context(), "a", func(func(any) error) (any, error) { return func() {}, nil }); err == nil {
		t.Error("a function was kept")
	}
	wrong := func(read func(any) error) (any, error) {
		var text string
		return text, read(&text)
	}
	if err := v.Update(t.Context(), "a", wrong); err == nil {
		t.Error("a structure was read as a text")
	}
	got, err := allOf(t.Context(), v)
	if !maps.Equal(got, map[string]valued{"a": {"kept", 1}}) || err != nil {
		t.Errorf("got %v, %v, want what was there before", got, err)
	}
}

func cancelledPut(t *testing.T, open OpenValues) {
	v, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	if err := v.Put(ctx, "a", valued{"kept", 1}); err != nil {
		t.Fatal(err)
	}
	cancel()
	for what, err := range map[string]error{
		"Put": v.Put(ctx, "b", valued{}), "Delete": v.Delete(ctx, "a"), "Get": v.Get(ctx, "a", &valued{}),
		"Update": v.Update(ctx, "a", increment),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", what, err)
		}
	}
	if _, err := v.Version(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Version: got %v, want context.Canceled", err)
	}
	if _, err := allOf(ctx, v); !errors.Is(err, context.Canceled) {
		t.Errorf("Each: got %v, want context.Canceled", err)
	}
	got, err := allOf(t.Context(), v)
	if !maps.Equal(got, map[string]valued{"a": {"kept", 1}}) || err != nil {
		t.Errorf("got %v, %v, want what was there before", got, err)
	}
}

func badValues(t *testing.T, open OpenValues) {
	v, _ := open(t)
	if err := v.Put(t.Context(), "a", func() {}); err == nil {
		t.Error("a function was kept")
	}
	if err := v.Put(t.Context(), "b", "a text"); err != nil {
		t.Fatal(err)
	}
	if _, err := allOf(t.Context(), v); err == nil {
		t.Error("a text was read as a structure")
	}
}

func endedReading(t *testing.T, open OpenValues) {
	v, _ := open(t)
	for _, key := range []string{"a", "b"} {
		if err := v.Put(t.Context(), key, valued{}); err != nil {
			t.Fatal(err)
		}
	}
	enough, calls := errors.New("enough"), 0
	err := v.Each(t.Context(), func(string, func(any) error) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("got %v after %d calls, want %v after one", err, calls, enough)
	}
}
