package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"

	"sacbridge/internal/directory"
)

// acked is what writers were told is done: users by id, members of one group, deleted users.
type acked struct {
	mu      sync.Mutex
	users   map[string]string // id to user name
	members map[string]bool
	gone    map[string]bool

	enough int           // notes after which full is closed
	full   chan struct{} // says that the load is in full swing
	noted  int
}

func (a *acked) note(fn func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fn()
	if a.noted++; a.noted == a.enough {
		close(a.full)
	}
}

// swing gives a channel that is closed after n more notes.
func (a *acked) swing(n int) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.enough, a.full = a.noted+n, make(chan struct{})
	return a.full
}

// writeUntilDead creates users, puts each third into the group and deletes each fifth, until the server is gone. Only what
// was answered with success is noted; a write whose answer is missing may have happened or not, so it is left out.
func writeUntilDead(ctx context.Context, c *client, a *acked, group, name string) error {
	for n := 0; ; n++ {
		user := fmt.Sprintf("%s-%d", name, n)
		status, body, err := c.do(ctx, http.MethodPost, "/Users", userBody(user))
		if err != nil {
			return nil //nolint:nilerr // the server was killed, as it should be
		}
		var made struct{ ID string }
		if status != http.StatusCreated || json.Unmarshal(body, &made) != nil {
			return fmt.Errorf("create %s: status %d: %s", user, status, body)
		}
		a.note(func() { a.users[made.ID] = user })
		if n%3 == 0 {
			status, body, err = c.do(ctx, http.MethodPatch, "/Groups/"+group, patchBody(`{"op":"add","path":"members","value":[{"value":"`+made.ID+`"}]}`))
			if err != nil {
				return nil //nolint:nilerr // as above
			}
			if status != http.StatusOK && status != http.StatusNoContent {
				return fmt.Errorf("add %s: status %d: %s", user, status, body)
			}
			a.note(func() { a.members[made.ID] = true })
		}
		if n%5 == 4 {
			a.note(func() { delete(a.users, made.ID); delete(a.members, made.ID) })
			status, body, err = c.do(ctx, http.MethodDelete, "/Users/"+made.ID, "")
			if err != nil {
				return nil //nolint:nilerr // as above
			}
			if status != http.StatusNoContent {
				return fmt.Errorf("delete %s: status %d: %s", user, status, body)
			}
			a.note(func() { a.gone[made.ID] = true })
		}
	}
}

// TestKilledServerLosesNothingAcknowledged kills a real server with 64 writers at work, again and again.
func TestKilledServerLosesNothingAcknowledged(t *testing.T) {
	rounds := 10
	ws := newWorkspace(t, "")
	token := ws.token()
	a := &acked{users: map[string]string{}, members: map[string]bool{}, gone: map[string]bool{}}
	group := ""
	for round := range rounds {
		p := ws.serve()
		c := newClient(p.ready.Sources["s"], token, 64)
		if group == "" {
			group, _ = c.want(t, http.StatusCreated, http.MethodPost, "/Groups", groupBody("All"))["id"].(string)
		}
		verifyAcked(t, c, a, group)
		before := len(a.users)
		writeAndKill(t, p, c, a, group, fmt.Sprintf("r%d", round))
		if len(a.users) == before {
			t.Fatalf("round %d: no write was acknowledged", round)
		}
		if out, code := ws.run("check"); code != 0 {
			t.Fatalf("round %d: check finds faults: %s", round, out)
		}
	}
	p := ws.serve()
	verifyAcked(t, newClient(p.ready.Sources["s"], token, 64), a, group)
	t.Logf("%d users, %d members, %d deleted after %d kills", len(a.users), len(a.members), len(a.gone), rounds)
}

func writeAndKill(t *testing.T, p *process, c *client, a *acked, group, round string) {
	t.Helper()
	var writers sync.WaitGroup
	faults := make(chan error, 64)
	inFullSwing := a.swing(500)
	for w := range 64 {
		writers.Go(func() { faults <- writeUntilDead(t.Context(), c, a, group, fmt.Sprintf("%s-w%d", round, w)) })
	}
	select {
	case <-inFullSwing:
	case <-t.Context().Done():
	}
	if _, err := p.stop(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	writers.Wait()
	close(faults)
	for err := range faults {
		if err != nil {
			t.Error(err)
		}
	}
}

// verifyAcked asks for everything that was acknowledged.
func verifyAcked(t *testing.T, c *client, a *acked, group string) {
	t.Helper()
	tree := c.want(t, http.StatusOK, http.MethodGet, "/Groups/"+group, "")
	members := map[string]bool{}
	list, _ := tree["members"].([]any)
	for _, m := range list {
		entry, _ := m.(map[string]any)
		id, _ := entry["value"].(string)
		members[id] = true
	}
	lost := 0
	for id := range a.members {
		if !members[id] {
			lost++
		}
	}
	for id, name := range a.users {
		status, body, err := c.do(t.Context(), http.MethodGet, "/Users/"+id, "")
		var user struct{ UserName string }
		if err = errors.Join(err, json.Unmarshal(body, &user)); err != nil || status != http.StatusOK || user.UserName != name {
			lost++
			t.Errorf("user %s (%s): status %d, name %q, %v", name, id, status, user.UserName, err)
		}
	}
	for id := range a.gone {
		if status, _, err := c.do(t.Context(), http.MethodGet, "/Users/"+id, ""); err != nil || status != http.StatusNotFound {
			lost++
		}
	}
	if lost > 0 {
		t.Fatalf("%d acknowledged writes are lost", lost)
	}
}

// TestBackupUnderLoadIsConsistent takes a copy while 16 clients write, and restores it elsewhere.
func TestBackupUnderLoadIsConsistent(t *testing.T) {
	ws := newWorkspace(t, "")
	token := ws.token()
	p := ws.serve()
	c := newClient(p.ready.Sources["s"], token, 16)
	before := map[string]bool{}
	for n := range 50 {
		id, _ := c.want(t, http.StatusCreated, http.MethodPost, "/Users", userBody(fmt.Sprintf("before-%d", n)))["id"].(string)
		before[id] = true
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if status, body, err := c.do(ctx, http.MethodPost, "/Users", userBody(fmt.Sprintf("w%d-%d", w, n))); err == nil && status != http.StatusCreated {
					t.Errorf("status %d: %s", status, body)
					return
				}
			}
		})
	}
	for n := range 3 {
		ws.must("backup", ws.path(fmt.Sprintf("copy%d.db", n)))
	}
	stop()
	writers.Wait()
	for n := range 3 {
		ws.must("restore", ws.path(fmt.Sprintf("copy%d.db", n)), "--to", ws.path(fmt.Sprintf("restored%d.db", n)))
		var report directory.Report
		if err := json.Unmarshal([]byte(ws.must("check", ws.path(fmt.Sprintf("restored%d.db", n)), "-o", "json")), &report); err != nil {
			t.Fatal(err)
		}
		if !report.OK() || report.Records < int64(len(before)) {
			t.Errorf("copy %d: %d records and faults %v, want %d or more and none", n, report.Records, report.Faults, len(before))
		}
	}
	if code, err := p.stop(syscall.SIGTERM); err != nil || code != 0 {
		t.Errorf("the server ends with %d, %v; want 0", code, err)
	}
	ws.must("restore", ws.path("copy0.db"), "--yes")
	c = newClient(ws.serve().ready.Sources["s"], token, 1)
	for id := range before {
		c.want(t, http.StatusOK, http.MethodGet, "/Users/"+id, "")
	}
}
