package sacsim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/sacsim"
)

// direct calls the handler without a network, so that a synctest bubble owns the clock.
type direct struct {
	t       testing.TB
	server  *sacsim.Server
	token   string
	csrf    string
	cookies []*http.Cookie
}

func newDirect(t testing.TB, server *sacsim.Server) *direct {
	t.Helper()
	return &direct{t: t, server: server}
}

// request is one with everything a client has to send.
func (d *direct) request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set("X-Sap-Sac-Custom-Auth", "true")
	r.Header.Set("X-Csrf-Token", d.csrf)
	r.Header.Set("Content-Type", "application/json")
	for _, c := range d.cookies {
		r.AddCookie(c)
	}
	return r
}

func (d *direct) do(method, path, body string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	d.server.ServeHTTP(rec, d.request(method, path, body))
	return rec
}

// login takes token and session.
func (d *direct) login() {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, d.server.TokenPath()+"?grant_type=client_credentials", nil)
	r.SetBasicAuth(clientID, clientSecret)
	rec := httptest.NewRecorder()
	d.server.ServeHTTP(rec, r)
	var grant struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &grant); err != nil || grant.Token == "" {
		d.t.Fatalf("token: %d %s", rec.Code, rec.Body)
	}
	d.token, d.csrf = grant.Token, "fetch"
	got := d.do(http.MethodGet, "/api/v1/csrf", "")
	d.csrf = got.Header().Get("X-Csrf-Token")
	d.cookies = got.Result().Cookies()
	if d.csrf == "" {
		d.t.Fatalf("csrf: %d %s", got.Code, got.Body)
	}
}

// wait lets the bubble's clock run.
func (d *direct) wait(span time.Duration) {
	timer := time.NewTimer(span)
	<-timer.C
}

func (d *direct) want(method, path string, status int) *httptest.ResponseRecorder {
	d.t.Helper()
	got := d.do(method, path, "")
	if got.Code != status {
		d.t.Fatalf("%s %s = %d, want %d; body %s", method, path, got.Code, status, got.Body)
	}
	return got
}
