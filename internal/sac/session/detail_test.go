package session

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func FuzzDetailIsShortAndPrintable(f *testing.F) {
	for _, seed := range []string{
		`{"detail":"x"}`, `{"detail":["a","b",{}]}`, springBody, "<html><title>x</title>", `{"error":{"message":"m"}}`,
		"404 Not Found: Requested route does not exist.", "\x1b[31mred\x00", `{"detail":"` + strings.Repeat("ä", 500) + `"}`, "\xff\xfe", "[[[",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a := newAnswer(&http.Response{StatusCode: 400, Header: http.Header{}}, body)
		got := a.detail()
		if n := utf8.RuneCountInString(got); n > maxDetail || !utf8.ValidString(got) {
			t.Errorf("%d characters, valid %v", n, utf8.ValidString(got))
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("unprintable at %d of %q", i, got)
		}
	})
}

func FuzzRetryAfterIsNeverNegative(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, seed := range []string{"5", "0", "-1", "1e3", "99999999999999999999", "Fri, 02 Jan 2026 03:05:05 GMT", "Fri, 02 Jan 2015 03:05:05 GMT", "", "5 s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		d, ok := retryAfter(http.Header{"Retry-After": {value}}, now)
		if d < 0 || !ok && d != 0 {
			t.Errorf("got %v, %v", d, ok)
		}
	})
}

func FuzzRouteNamesNobody(f *testing.F) {
	for _, seed := range []string{"/api/v1/scim/Users/ANNA", "/api/v1/scim2/Groups/.search", "//", "Users/Users/Users", "/Users/csrf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for part := range strings.SplitSeq(routeOf(path), "/") {
			if part != "{id}" && !apiWord(part) {
				t.Errorf("%q is in the route", part)
			}
		}
	})
}

func TestRetryAfterReadsSecondsAndDates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		want := time.Duration(rapid.IntRange(0, 1<<30).Draw(t, "seconds")) * time.Second
		value := now.Add(want).Format(http.TimeFormat)
		if rapid.Bool().Draw(t, "number") {
			value = strconv.FormatInt(int64(want/time.Second), 10)
		}
		if got, ok := retryAfter(http.Header{"Retry-After": {value}}, now); !ok || got != want {
			t.Errorf("%q: got %v, %v, want %v", value, got, ok, want)
		}
	})
}

func TestPagesAreToldFromJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, contentType, body string
		want                    bool
	}{
		{"JSON", "application/scim+json", ` {"a":1}`, false},
		{"JSON that is called HTML", "text/html", `{"a":1}`, false},
		{"markup that is called JSON", "application/json", "\ufeff \n<html>", true},
		{"XML", "", "<?xml version='1.0'?>", true},
		{"plain words", "text/plain", "hello", false},
		{"words that are called HTML", "Text/HTML; charset=utf-8", "hello", true},
		{"nothing", "", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := isPage(http.Header{"Content-Type": {test.contentType}}, []byte(test.body)); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestTrial8CookiesAndCSRFTokensAreMasked is about secrets that an error text may quote, besides the token.
func TestTrial8CookiesAndCSRFTokensAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"no session JSESSIONID=s%3Aabcdef123 found":            "no session JSESSIONID=*** found",
		"jsessionid: A1B2C3D4E5":                               "jsessionid: ***",
		`{"JSESSIONID":"A1B2C3D4E5"}`:                          `{"JSESSIONID":"***"}`,
		"/page;jsessionid=A1B2C3D4E5.node1?x=1":                "/page;jsessionid=***",
		"JTENANTSESSION_t1=Zm9vYmFy; path=/":                   "JTENANTSESSION_t1=***; path=/",
		"Set-Cookie: a=b; Path=/; other=secret":                "Set-Cookie: ***",
		"Cookie: x=1; y=2":                                     "Cookie: ***",
		"header set-cookie=foo=barbaz":                         "header set-cookie=***",
		"x-csrf-token: 0123456789ABCDEF is not valid":          "x-csrf-token: *** is not valid",
		`"X-CSRF-Token":"0123456789ABCDEF"`:                    `"X-CSRF-Token":"***"`,
		"XSRF-TOKEN=0123456789ABCDEF":                          "XSRF-TOKEN=***",
		"_csrf=0123456789ABCDEF&x=1":                           "_csrf=***&x=1",
		"BIGipServer~pool=167815178.47873.0000; sapxslb=ABCDE": "BIGipServer~pool=***; sapxslb=***",
		"__VCAP_ID__=12345678-1234":                            "__VCAP_ID__=***",
		"the session timed out":                                "the session timed out",
		"your session: expired at 10":                          "your session: expired at 10",
		"sessionId=0123456789":                                 "sessionId=***",
		"Session: no":                                          "Session: no",
		"enable cookies in your browser":                       "enable cookies in your browser",
		"CSRF token required":                                  "CSRF token required",
	} {
		if got := redact(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestTrial8TheSessionsOwnCookiesAreMaskedWhateverTheirName is about cookies that no list of names knows.
func TestTrial8TheSessionsOwnCookiesAreMaskedWhateverTheirName(t *testing.T) {
	t.Parallel()
	inner := newTenant("cf")
	s := openDirect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			sendJSON(w, http.StatusBadRequest, `{"detail":"bad: `+strings.ReplaceAll(r.Header.Get("Cookie"), `"`, "")+`"}`)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			http.SetCookie(w, &http.Cookie{Name: "odd", Value: "kept-from-everybody", Path: "/"})
		}
		inner.ServeHTTP(w, r)
	}))
	must(t, s, read("/api/v1/scim/Users"))
	put := write()
	put.Method = http.MethodPut
	put.Path = "/api/v1/scim/Users/ANNA"
	if e := failed(t, s, put); strings.Contains(e.Error(), "kept-from") || !strings.Contains(e.Error(), "odd=***") {
		t.Errorf("got %q", e.Error())
	}
}

func TestTrial8ASecretThatIsCutOffByTheLengthIsMaskedToo(t *testing.T) {
	t.Parallel()
	inner := newTenant("cf")
	s := openDirect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			sendJSON(w, http.StatusBadRequest, `{"detail":"`+strings.Repeat("x", maxDetail-12)+" "+r.Header.Get(headerCSRF)+`"}`)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	put := write()
	put.Method, put.Path = http.MethodPut, "/api/v1/scim/Users/ANNA"
	if e := failed(t, s, put); !strings.HasSuffix(e.Detail, "x ***") {
		t.Errorf("got %q", e.Detail)
	}
	l, _, _ := s.known(nil)
	if got := s.Words("a\n" + l.csrf + " JSESSIONID=A1B2C3D4"); got != "a *** JSESSIONID=***" {
		t.Errorf("got %q", got)
	}
}
