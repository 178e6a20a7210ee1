package scimserver

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestWhatIsNoRequestGetsASCIMError(t *testing.T) {
	t.Parallel()
	b := open(t)
	s := b.listen()
	for name, c := range map[string]struct {
		sent   string
		status int
		detail string
	}{
		"a line that is no request":        {"HELLO\r\n\r\n", 400, "not HTTP"},
		"a line of bytes":                  {"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, "not HTTP"},
		"no host":                          {"GET /scim/s/v2/Users HTTP/1.1\r\n\r\n", 400, "the request is not HTTP: missing required Host header (request id"},
		"two hosts":                        {"GET /scim/s/v2/Users HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "not HTTP (request id"},
		"a header name with a blank":       {"GET /scim/s/v2/Users HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n", 400, "not HTTP"},
		"a length that is none":            {"POST /scim/s/v2/Users HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "not HTTP"},
		"a transfer coding nobody knows":   {"POST /scim/s/v2/Users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "transfer encoding"},
		"a header far over the limit":      {"GET /scim/s/v2/Users HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", 431, "over the limit"},
		"an address far over the limit":    {"GET /scim/s/v2/Users?filter=" + strings.Repeat("(", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, "over the limit"},
		"a version of HTTP yet to be made": {"GET /scim/s/v2/Users HTTP/9.1\r\nHost: x\r\n\r\n", 505, "unsupported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := b.raw(s.Listener.Addr().String(), c.sent)
			r, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Body.Close() }()
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			a := (&answer{t: t, status: r.StatusCode, header: r.Header, body: body}).wantError(c.status, "")
			if detail := str(a.at("detail")); !strings.Contains(detail, c.detail) || !strings.Contains(detail, r.Header.Get("X-Request-Id")) {
				t.Errorf("got detail %q, want %q and the request id in it", detail, c.detail)
			}
		})
	}
}

// Only net/http's own refusals are replaced.
func TestAnswersOfHandlersStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an answer":                   "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nok",
		"an error of a handler":       "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nDate: x\r\nConnection: close\r\n\r\nno",
		"text that quotes a refusal":  "HTTP/1.1 404 Not Found\r\nDate: x\r\n\r\nHTTP/1.1 400 Bad Request" + plainErrorHead,
		"a part of a body":            "400 Bad Request" + plainErrorHead,
		"a head that ends too early":  "HTTP/1.1 4",
		"a status that is no number":  "HTTP/1.1 4xx Odd" + plainErrorHead,
		"nothing":                     "",
		"a continue before an answer": "HTTP/1.1 100 Continue\r\n\r\n",
	} {
		if got := asSCIMError([]byte(text)); got != nil {
			t.Errorf("%s is replaced by %q", name, got)
		}
	}
}

// Trial 17: a request with two ends may hide another one from a proxy, so nothing more is read after it.
func TestAConnectionWithTwoLengthsIsClosed(t *testing.T) {
	t.Parallel()
	b := open(t)
	s := b.listen()
	search := `{"schemas":["` + searchURN + `"]}`
	head := "POST /scim/s/v2/Users/.search HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + b.token + "\r\nContent-Type: application/scim+json\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(search), search)
	second := "GET /scim/s/v2/Users HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + b.token + "\r\n\r\n"
	for name, c := range map[string]struct {
		sent    string
		answers int
	}{
		"one length":                  {head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(search), search) + second, 2},
		"a length and a coding":       {head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked + second, 1},
		"a coding and a length":       {head + "Transfer-Encoding: chunked\r\nContent-Length: 400\r\n\r\n" + chunked + second, 1},
		"in other letters":            {head + "transfer-encoding: Chunked\r\ncontent-length: 0\r\n\r\n" + chunked + second, 1},
		"to an address that is wrong": {strings.Replace(head, "/.search", "/x/y/z", 1) + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked + second, 1},
	} {
		conn := b.raw(s.Listener.Addr().String(), c.sent)
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			if err := half.CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		got, r := 0, bufio.NewReader(conn)
		for {
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				break
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			got++
		}
		if got != c.answers {
			t.Errorf("%s: %d answers, want %d", name, got, c.answers)
		}
	}
}
