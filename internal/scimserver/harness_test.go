package scimserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sacbridge/internal/directory"
	"sacbridge/internal/store/bolt"
)

const (
	coreUser   = "urn:ietf:params:scim:schemas:core:2.0:User"
	coreGroup  = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	patchURN   = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	baseURL    = "https://scim.example.com"
)

// memTokens is a TokenStore in memory.
type memTokens struct {
	mu      sync.Mutex
	tokens  map[TokenHash]Token
	touches int
}

func newMemTokens() *memTokens { return &memTokens{tokens: map[TokenHash]Token{}} }

func (m *memTokens) Put(_ context.Context, t Token) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens[t.Hash] = t
	return nil
}

func (m *memTokens) Get(_ context.Context, hash TokenHash) (Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[hash]
	if !ok {
		return Token{}, ErrNoToken
	}
	return t, nil
}

func (m *memTokens) List(_ context.Context, source string) (list []Token, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.tokens {
		if source == "" || t.Source == source {
			list = append(list, t)
		}
	}
	return list, nil
}

func (m *memTokens) Delete(_ context.Context, hash TokenHash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.tokens[hash]; !ok {
		return ErrNoToken
	}
	delete(m.tokens, hash)
	return nil
}

func (m *memTokens) Touch(_ context.Context, hash TokenHash, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.tokens[hash]; ok {
		t.LastUsed = at
		m.tokens[hash] = t
		m.touches++
	}
	return nil
}

// bridge is a server over a bolt file of its own.
type bridge struct {
	*Server
	t      testing.TB
	dir    *directory.Directory
	tokens *memTokens
	token  string // of the first source
	source string
	log    *bytes.Buffer
	seen   *recordingObserver
}

type recordingObserver struct {
	mu      sync.Mutex
	done    []RequestInfo
	reasons []Refusal
}

func (o *recordingObserver) Done(_ context.Context, s RequestInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done = append(o.done, s)
}

func (o *recordingObserver) Denied(_ context.Context, _ RequestInfo, why Refusal) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reasons = append(o.reasons, why)
}

func (o *recordingObserver) last() RequestInfo {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.done[len(o.done)-1]
}

// ticking is a clock whose every look is a millisecond later, so that ids sort in the order of creation.
func ticking() func() time.Time {
	start := time.Now()
	var looks atomic.Int64
	return func() time.Time { return start.Add(time.Duration(looks.Add(1)) * time.Millisecond) }
}

// open starts a server whose first source is "s" with bearer tokens, changed by the functions given.
func open(t testing.TB, change ...func(*Options)) *bridge {
	t.Helper()
	return openOver(t, func(*directory.Deps) {}, change...)
}

// openOver is open with a directory that is made otherwise.
func openOver(t testing.TB, deps func(*directory.Deps), change ...func(*Options)) *bridge {
	t.Helper()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "dir.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	store, err := db.Directory()
	if err != nil {
		t.Fatal(err)
	}
	d := directory.Deps{Store: store, Now: ticking(), Log: slog.New(slog.DiscardHandler)}
	deps(&d)
	dir, err := directory.New(d)
	if err != nil {
		t.Fatal(err)
	}
	b := &bridge{t: t, dir: dir, tokens: newMemTokens(), log: &bytes.Buffer{}, seen: &recordingObserver{}}
	o := Options{
		BaseURL: baseURL, Tokens: b.tokens, Observer: b.seen, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
		Sources: []Source{{Name: "s", Auth: Auth{Tokens: true}}},
	}
	for _, c := range change {
		c(&o)
	}
	if b.Server, err = New(dir, o); err != nil {
		t.Fatal(err)
	}
	b.source = o.Sources[0].Name
	if o.Sources[0].Auth.Tokens {
		b.token = b.newToken(b.source, "test")
	}
	return b
}

func with(p Profile) func(*Options) { return func(o *Options) { o.Sources[0].Profile = p } }

func (b *bridge) newToken(source, name string) string {
	b.t.Helper()
	text, _, err := NewToken(b.t.Context(), b.tokens, source, name, 0, b.now())
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// answer is an HTTP answer with its body read.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// do sends a request to the source's base plus path. Headers are given as name, value, ...
func (b *bridge) do(method, path, body string, headers ...string) *answer {
	b.t.Helper()
	return b.doAs(b.source, b.token, method, path, body, headers...)
}

func (b *bridge) doAs(source, token, method, path, body string, headers ...string) *answer {
	b.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, "/scim/"+source+"/v2"+path, in)
	if body != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.serveHTTP(r)
}

func (b *bridge) serveHTTP(r *http.Request) *answer {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return &answer{t: b.t, status: w.Code, header: w.Header(), body: w.Body.Bytes()}
}

// want fails the test unless the status is this one.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d; body %s", a.status, status, a.body)
	}
	return a
}

// wantError fails unless the answer is a whole SCIM error with this status and type.
func (a *answer) wantError(status int, scimType string) *answer {
	a.t.Helper()
	a.want(status)
	tree := a.json()
	if got, want := a.header.Get("Content-Type"), contentType; got != want {
		a.t.Errorf("content type of an error %q, want %q", got, want)
	}
	if got, _ := tree["scimType"].(string); got != scimType {
		a.t.Errorf("scimType %q, want %q: %s", got, scimType, a.body)
	}
	if got, want := tree["status"], any(http.StatusText(status)); got == want || len(str(got)) != 3 {
		a.t.Errorf("status in the body %v, want a string of three digits", got)
	}
	if got := at(tree, "schemas", 0); got != errorURN {
		a.t.Errorf("schemas of an error %v, want %v", got, errorURN)
	}
	if id := a.header.Get("X-Request-Id"); id == "" || !strings.Contains(str(tree["detail"]), id) {
		a.t.Errorf("detail %q lacks the request id %q", tree["detail"], id)
	}
	return a
}

func (a *answer) json() map[string]any {
	a.t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(a.body, &tree); err != nil {
		a.t.Fatalf("answer is no JSON object: %v: %s", err, a.body)
	}
	return tree
}

// at walks a tree by names and positions; nil where there is nothing.
func (a *answer) at(path ...any) any {
	a.t.Helper()
	return at(a.json(), path...)
}

func at(tree any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := tree.(map[string]any)
			tree = m[s]
		case int:
			l, _ := tree.([]any)
			if s >= len(l) {
				return nil
			}
			tree = l[s]
		}
	}
	return tree
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// id is the id of the answer's resource.
func (a *answer) id() string {
	a.t.Helper()
	id := str(a.at("id"))
	if id == "" {
		a.t.Fatalf("answer without id: %s", a.body)
	}
	return id
}

// ids lists the ids of a ListResponse.
func (a *answer) ids() []string {
	a.t.Helper()
	a.want(http.StatusOK)
	out := []string{}
	list, _ := a.at("Resources").([]any)
	for _, r := range list {
		out = append(out, str(at(r, "id")))
	}
	return out
}

// user creates a user of that userName with more attributes, and gives its id.
func (b *bridge) user(userName string, more ...map[string]any) string {
	b.t.Helper()
	tree := map[string]any{"schemas": []string{coreUser}, "userName": userName}
	for _, m := range more {
		maps.Copy(tree, m)
	}
	return b.do("POST", "/Users", toJSON(b.t, tree)).want(http.StatusCreated).id()
}

// group creates a group with members and gives its id.
func (b *bridge) group(name string, members ...string) string {
	b.t.Helper()
	list := []map[string]any{}
	for _, m := range members {
		list = append(list, map[string]any{"value": m})
	}
	tree := map[string]any{"schemas": []string{coreGroup}, "displayName": name, "members": list}
	return b.do("POST", "/Groups", toJSON(b.t, tree)).want(http.StatusCreated).id()
}

func (b *bridge) members(group string) []string {
	b.t.Helper()
	out := []string{}
	list, _ := b.do("GET", "/Groups/"+group, "").want(http.StatusOK).at("members").([]any)
	for _, m := range list {
		out = append(out, str(at(m, "value")))
	}
	return out
}

func (b *bridge) patch(path string, ops ...string) *answer {
	b.t.Helper()
	return b.do("PATCH", path, patchBody(ops...))
}

func patchBody(ops ...string) string {
	return `{"schemas":["` + patchURN + `"],"Operations":[` + strings.Join(ops, ",") + `]}`
}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
