package scimserver

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/directory"
)

// faulty is a Store whose every access fails with err or, where err is nil, lasts until its request is given up.
type faulty struct {
	directory.Store
	err error
}

func (f faulty) fail(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f faulty) View(ctx context.Context, _ directory.SourceID, _ func(directory.ReadTx) error) error {
	return f.fail(ctx)
}

func (f faulty) Get(ctx context.Context, _ directory.SourceID, _ directory.Kind, _ directory.ID) (directory.Record, error) {
	return directory.Record{}, f.fail(ctx)
}

func (f faulty) Find(ctx context.Context, _ directory.SourceID, _ directory.Index, _ []byte) (directory.Record, error) {
	return directory.Record{}, f.fail(ctx)
}

func (f faulty) Commit(ctx context.Context, _ directory.SourceID, _ directory.Change) (directory.Committed, error) {
	return directory.Committed{}, f.fail(ctx)
}

const goneID = "0192f3a0-1111-7222-8333-444455556666"

// each sends one request of each kind that may take long in the store.
func each(b *bridge, check func(*answer)) {
	user := `{"schemas":["` + coreUser + `"],"userName":"kim"}`
	check(b.do("GET", "/Users", ""))
	check(b.do("GET", "/Users?attributes=userName&filter="+url.QueryEscape(`userName eq "kim"`), ""))
	check(b.do("POST", "/Users/.search", `{"schemas":["`+searchURN+`"]}`))
	check(b.do("POST", "/Users", user))
	check(b.do("PUT", "/Users/"+goneID, user))
	check(b.patch("/Groups/"+goneID, addMembers(goneID)))
	check(b.do("DELETE", "/Users/"+goneID, ""))
}

func TestAFaultOfTheStoreIsA500ThatTellsNothing(t *testing.T) {
	t.Parallel()
	b := openOver(t, func(d *directory.Deps) {
		d.Store = faulty{d.Store, errors.New("read /var/lib/secret.db: input/output error")}
	})
	b.do("GET", "/Groups/"+goneID, "").wantError(500, "")
	each(b, func(a *answer) {
		a.wantError(500, "")
		if strings.Contains(string(a.body), "secret") {
			t.Errorf("the answer tells %s", a.body)
		}
		if id := a.header.Get("X-Request-Id"); !strings.Contains(b.log.String(), id) {
			t.Errorf("the log lacks request %s", id)
		}
	})
	if !strings.Contains(b.log.String(), "input/output error") {
		t.Errorf("the log lacks the cause: %s", b.log)
	}
}

func TestARequestThatLastsTooLongIsA503(t *testing.T) {
	t.Parallel()
	b := openOver(t, func(d *directory.Deps) { d.Store = faulty{Store: d.Store} },
		func(o *Options) { o.Sources[0].Limits.Time = 20 * time.Millisecond })
	each(b, func(a *answer) {
		if got := a.wantError(503, "").header.Get("Retry-After"); got == "" {
			t.Error("there is no Retry-After")
		}
	})
}

func TestAQueryThatReadsTooMuchIsTooMany(t *testing.T) {
	t.Parallel()
	b := openOver(t, func(d *directory.Deps) { d.Budget, d.MaxSort = 5, 5 })
	for n := range 8 {
		b.user("user"+strconv.Itoa(n), map[string]any{"title": "Boss"})
	}
	b.find(`title eq "Boss"`).wantError(400, "tooMany")
	if got := b.do("GET", "/Users?sortBy=title", "").ids(); len(got) != 8 { // trial 16: sorting has no limit
		t.Errorf("got %d sorted, want 8", len(got))
	}
	b.do("POST", "/Users/.search", `{"schemas":["`+searchURN+`"],"filter":"title pr"}`).wantError(400, "tooMany")
	if got := b.find(`userName eq "user3" and title eq "boss"`).ids(); len(got) != 1 {
		t.Errorf("got %v by an index, want one", got)
	}
	if got := b.do("GET", "/Users", "").ids(); len(got) != 8 {
		t.Errorf("got %d without a filter, want 8", len(got))
	}
}

// Trial 15: a store that takes no writes is 503 with a time to come back, on every way to write; reading goes on.
func TestTrial15AStoreThatTakesNoWritesIsUnavailable(t *testing.T) {
	t.Parallel()
	full := &directory.UnwritableError{Reason: "disk full", Err: errors.New("write /secret/path.db: no space left on device")}
	b := openOver(t, func(d *directory.Deps) { d.Store = unwritable{d.Store, full} })
	user := `{"schemas":["` + coreUser + `"],"userName":"kim"}`
	bulk := func(ops string) *answer {
		return b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[`+ops+`]}`)
	}
	for name, a := range map[string]*answer{
		"POST":  b.do("POST", "/Users", user),
		"group": b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"G"}`),
		"Bulk": bulk(`{"method":"POST","path":"/Users","bulkId":"1","data":` + user + `},{"method":"POST","path":"/Users","bulkId":"2","data":{"schemas":["` + coreUser + `"],"userName":"lee"}},` +
			`{"method":"POST","path":"/Groups","bulkId":"3","data":{"schemas":["` + coreGroup + `"],"displayName":"G","members":[{"value":"bulkId:1"}]}}`),
		"Bulk with a fault of its own": bulk(`{"method":"POST","path":"/Users","bulkId":"1","data":{}},{"method":"POST","path":"/Users","bulkId":"2","data":` + user + `}`),
	} {
		a.wantError(503, "")
		if a.header.Get("Retry-After") == "" || !strings.Contains(string(a.body), "disk full") || strings.Contains(string(a.body), "secret") {
			t.Errorf("%s: Retry-After %q, body %s; want a time, the reason and no path", name, a.header.Get("Retry-After"), a.body)
		}
	}
	if log := b.log.String(); log != "" {
		t.Errorf("each request is logged: %s; want whoever opened the store to tell once", log)
	}
	b.do("GET", "/Users", "").want(200)
	b.doAs("s", b.token, "POST", "/Users/.search", `{"schemas":["`+searchURN+`"]}`).want(200)
}

// unwritable is a Store whose every write fails.
type unwritable struct {
	directory.Store
	err error
}

func (u unwritable) Commit(context.Context, directory.SourceID, directory.Change) (directory.Committed, error) {
	return directory.Committed{}, u.err
}

// Trial 15: what is written beside requests, such as the last use of a token, is written later where it cannot be now.
func TestTrial15TheLastUseIsKeptUntilItCanBeWritten(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.do("GET", "/Users", "").want(200)
	full := &directory.UnwritableError{Reason: "disk full", Err: errors.New("no space left on device")}
	good := b.Server.tokens
	b.Server.tokens = untouchable{good, full}
	if err := b.flushUses(t.Context()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	b.Server.tokens = good
	if err := b.flushUses(t.Context()); err != nil || b.tokens.tokens[HashToken(b.token)].LastUsed.IsZero() {
		t.Errorf("the use is lost: %v", err)
	}
}

// untouchable is a TokenStore that notes no use.
type untouchable struct {
	TokenStore
	err error
}

func (u untouchable) Touch(context.Context, TokenHash, time.Time) error { return u.err }
