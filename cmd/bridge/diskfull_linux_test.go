package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of its own with so many bytes below the workspace. It needs the right to mount.
func smallDisk(tb testing.TB, ws *workspace, options string) (path string) {
	tb.Helper()
	path = ws.path("disk")
	if err := os.Mkdir(path, 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, options); err != nil {
		tb.Skipf("this test mounts a file system: %v", err)
	}
	tb.Cleanup(func() {
		if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
			tb.Error(err)
		}
	})
	return path
}

// onDisk makes a workspace whose state is on a small disk.
func onDisk(tb testing.TB, options, bridge string) (ws *workspace, disk string) {
	tb.Helper()
	ws = newWorkspace(tb, bridge)
	disk = smallDisk(tb, ws, options)
	text, err := os.ReadFile(ws.config)
	if err != nil {
		tb.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "state: state.db", "state: disk/state.db", 1))
	if err := os.WriteFile(ws.config, text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return ws, disk
}

// fill writes a file until nothing fits any more.
func fill(tb testing.TB, path string) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			tb.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
}

// ask sends a request and gives the whole answer.
func ask(tb testing.TB, method, address, token string, body io.Reader, contentType string) (*http.Response, string) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, address, body)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return answerOf(tb, r)
}

// largeBody is a user that takes some pages of the state.
func largeBody(name string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"` + name + `","nickName":"` + strings.Repeat("z", 9000) + `"}`
}

// writeUntilRefused creates users until one is not created, and gives that answer.
func writeUntilRefused(tb testing.TB, p *process, token string) (*http.Response, string) {
	tb.Helper()
	for n := range 5000 {
		res, text := ask(tb, http.MethodPost, p.ready.Sources["s"]+"/Users", token, strings.NewReader(largeBody("u"+strconv.Itoa(n))), "application/scim+json")
		if res.StatusCode != http.StatusCreated {
			return res, text
		}
	}
	tb.Fatal("5000 users were created on a full disk")
	return nil, ""
}

// wantUnavailable checks an answer to a write that has no room.
func wantUnavailable(tb testing.TB, what string, res *http.Response, text string) {
	tb.Helper()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		tb.Errorf("%s: status %d, Retry-After %q, want 503 with a time: %s", what, res.StatusCode, res.Header.Get("Retry-After"), text)
	}
}

// Trial 15: a full disk is 503 and says so; readiness, metric and log say why; with room again everything works.
func TestTrial15AFullDiskIsToldAndRecoversByItself(t *testing.T) {
	t.Parallel()
	ws, disk := onDisk(t, "size=6m", "  metrics: 127.0.0.1:0\n  sources: {s: {auth: {clients: {app: {secret: file:app.secret}}}}}\n")
	if err := os.WriteFile(ws.path("app.secret"), []byte("hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	token := ws.token()
	p := ws.serve()
	base := p.ready.Sources["s"]
	c := newClient(base, token, 1)
	kept := c.want(t, http.StatusCreated, http.MethodPost, "/Users", userBody("kept"))["id"]
	keptPath, _ := kept.(string)
	group, _ := c.want(t, http.StatusCreated, http.MethodPost, "/Groups", groupBody("Kept"))["id"].(string)
	ready := func() (int, string) {
		res, text := ask(t, http.MethodGet, p.ready.BaseURL+"/readyz", "", http.NoBody, "")
		return res.StatusCode, text
	}
	metric := func() string {
		_, text := ask(t, http.MethodGet, "http://"+p.ready.Metrics+"/metrics", "", http.NoBody, "")
		return text
	}
	if status, text := ready(); status != http.StatusOK {
		t.Fatalf("before: /readyz %d %s", status, text)
	}

	fill(t, filepath.Join(disk, "filler"))
	waitUntil(t, "/readyz says no although nothing was written", func() bool { status, _ := ready(); return status == http.StatusServiceUnavailable })
	res, text := writeUntilRefused(t, p, token)
	wantUnavailable(t, "POST", res, text)
	var answer map[string]any
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer["status"] != "503" || !contains(text, "api:messages:2.0:Error") || !contains(text, "full") || contains(text, disk) {
		t.Errorf("a POST without room is answered with %s, want a SCIM error with 503 that says full and names no path", text)
	}
	for what, send := range map[string]func() (*http.Response, string){
		"PUT": func() (*http.Response, string) {
			return ask(t, http.MethodPut, base+"/Users/"+keptPath, token, strings.NewReader(largeBody("kept")), "application/scim+json")
		},
		"PATCH": func() (*http.Response, string) {
			return ask(t, http.MethodPatch, base+"/Groups/"+group, token, strings.NewReader(patchBody(`{"op":"add","path":"externalId","value":"`+strings.Repeat("z", 1000)+`"}`)), "application/scim+json")
		},
		"Bulk": func() (*http.Response, string) {
			return ask(t, http.MethodPost, base+"/Bulk", token, strings.NewReader(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"POST","path":"/Users","bulkId":"1","data":`+largeBody("bulk")+`}]}`), "application/scim+json")
		},
		"token": func() (*http.Response, string) {
			return ask(t, http.MethodPost, p.ready.BaseURL+"/scim/s/oauth/token", "", strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"hush"}}.Encode()), "application/x-www-form-urlencoded")
		},
	} {
		res, text := send()
		wantUnavailable(t, what, res, text)
	}
	if status, text := ready(); status != http.StatusServiceUnavailable || !contains(text, "disk full") {
		t.Errorf("/readyz is %d %s, want 503 and why", status, text)
	}
	if m := metric(); !contains(m, `sacbridge_state_unwritable{reason="disk full"} 1`) || !contains(m, "sacbridge_state_free_bytes 0") {
		t.Error("the metrics do not say why")
	}
	waitUntil(t, "the log says why", func() bool { return contains(p.log.String(), "the disk is full") })
	c.want(t, http.StatusOK, http.MethodGet, "/Users/"+keptPath, "")
	talk, err := program(t.Context(), "backup", filepath.Join(disk, "copy.db"), "--config", ws.config).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !contains(string(talk), "the disk is full") || !contains(string(talk), "free some space") {
		t.Errorf("a backup to the full disk: %v, %s; want exit 1 and the cure", err, talk)
	}
	if talk, err = program(t.Context(), "restore", ws.config, "--to", filepath.Join(disk, "copy.db")).CombinedOutput(); err == nil || !contains(string(talk), "the disk is full") {
		t.Errorf("a restore to the full disk: %v, %s", err, talk)
	}
	if left, err := filepath.Glob(filepath.Join(disk, "*copy*")); err != nil || len(left) != 0 {
		t.Errorf("the backup leaves %v, %v", left, err)
	}

	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "/readyz says yes again", func() bool { status, _ := ready(); return status == http.StatusOK })
	c.want(t, http.StatusCreated, http.MethodPost, "/Users", userBody("after"))
	if m := metric(); !contains(m, `sacbridge_state_unwritable{reason="disk full"} 0`) {
		t.Error("the metrics do not say that it is over")
	}
	waitUntil(t, "the log says that it is over", func() bool { return contains(p.log.String(), "the state can be written again") })
	if n := strings.Count(p.log.String(), "the disk is full"); n > 2 {
		t.Errorf("the log says %d times that the disk is full, want once", n)
	}
	if code, err := p.stop(syscall.SIGTERM); err != nil || code != 0 {
		t.Errorf("the server ends with %d, %v", code, err)
	}
	ws.must("check")
}

// Trial 15: the same kind: a file system that turns read-only, and a limit on the size of files.
func TestTrial15AReadOnlyDiskAndAFileLimitAreToldLikeAFullDisk(t *testing.T) {
	t.Parallel()
	t.Run("read-only", func(t *testing.T) {
		t.Parallel()
		ws, disk := onDisk(t, "size=16m", "  metrics: 127.0.0.1:0\n  sources: {s: {}}\n")
		token := ws.token()
		p := ws.serve()
		c := newClient(p.ready.Sources["s"], token, 1)
		c.want(t, http.StatusCreated, http.MethodPost, "/Users", userBody("kept"))
		// A bind mount cannot be turned read-only under an open file, but a start on one is the same to a new process.
		if code, err := p.stop(syscall.SIGTERM); err != nil || code != 0 {
			t.Fatalf("%d, %v", code, err)
		}
		if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=16m"); err != nil {
			t.Skipf("this test mounts a file system: %v", err)
		}
		cmd := program(t.Context(), "serve", "--config", ws.config)
		talk, err := cmd.CombinedOutput()
		if err == nil || !contains(string(talk), "cannot be written to") || !contains(string(talk), "state.db") {
			t.Errorf("serve on a read-only disk: %v: %s", err, talk)
		}
	})
	t.Run("a limit on the size of files", func(t *testing.T) {
		t.Parallel()
		ws := newWorkspace(t, "  metrics: 127.0.0.1:0\n  sources: {s: {}}\n")
		token := ws.token()
		p := ws.serve()
		limitFileSize(t, p.cmd.Process.Pid, 256<<10)
		res, text := writeUntilRefused(t, p, token)
		wantUnavailable(t, "POST", res, text)
		limitFileSize(t, p.cmd.Process.Pid, 1<<40)
		waitUntil(t, "writes work again", func() bool {
			status, _, err := newClient(p.ready.Sources["s"], token, 1).do(context.WithoutCancel(t.Context()), http.MethodPost, "/Users", userBody("after"))
			return err == nil && status == http.StatusCreated
		})
	})
}
