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
