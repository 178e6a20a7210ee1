package scimserver

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"unicode/utf16"

	"sacbridge/internal/scim"
)

// readBody reads the whole body under the limit.
func (x *exchange) readBody(limit int64) ([]byte, error) {
	if err := x.checkContentType(); err != nil {
		return nil, err
	}
	if err := x.checkContentEncoding(); err != nil {
		return nil, err
	}
	if x.r.ContentLength > limit {
		// The body is not read: the connection is of no further use.
		x.w.Header().Set("Connection", "close")
		return nil, &http.MaxBytesError{Limit: limit}
	}
	var body bytes.Buffer
	// A promised length is believed up to a point: memory is taken as the bytes arrive.
	body.Grow(int(min(max(x.r.ContentLength, 0), bigBody)) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(x.w, x.r.Body, limit)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, err
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, &problem{status: http.StatusRequestTimeout, detail: "the body took too long to arrive", cause: err}
		}
		return nil, &problem{status: http.StatusBadRequest, scimType: string(scim.InvalidSyntax), detail: "the body did not arrive whole", cause: err}
	}
	return withoutMark(body.Bytes())
}

// checkContentType takes application/scim+json and application/json with any parameters (RFC 7644 §3.8), and
// no type at all.
func (x *exchange) checkContentType() error {
	given := x.r.Header.Get("Content-Type")
	if given == "" || given == contentType || x.source.switches.AnyContentType {
		return nil
	}
	kind, _, err := mime.ParseMediaType(given)
	if err != nil || kind != contentType && kind != "application/json" {
		return fail(http.StatusUnsupportedMediaType, "", "the body must be "+contentType+" or application/json")
	}
	return nil
}

// checkContentEncoding refuses a body that is compressed: no provider sends one, and unpacking would be work that a
// stranger can order.
func (x *exchange) checkContentEncoding() error {
	for _, line := range x.r.Header.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
				x.w.Header().Set("Accept-Encoding", "identity") // RFC 9110 §15.5.16
				return fail(http.StatusUnsupportedMediaType, "", "the Content-Encoding "+strconv.Quote(shorten(coding))+" is not supported: send the body as it is")
			}
		}
	}
	return nil
}

// withoutMark leaves out the byte order mark that some clients put in front of UTF-8 (RFC 8259 §8.1), and names the
// encoding of a body with another mark.
func withoutMark(body []byte) ([]byte, error) {
	for _, other := range [...]struct{ mark, name string }{{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"}} {
		if bytes.HasPrefix(body, []byte(other.mark)) {
			return nil, scim.NewInvalidSyntax("", "the body is %s, UTF-8 is expected", other.name)
		}
	}
	return bytes.TrimPrefix(body, []byte("\ufeff")), nil
}

// hasLoneSurrogate says whether an escape in a JSON text is half of a surrogate pair.
func hasLoneSurrogate(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 || at+1 >= len(text) {
			return false
		}
		escape := text[at:]
		text = escape[2:]
		first, ok := escapedUnit(escape)
		if !ok || !utf16.IsSurrogate(first) {
			continue
		}
		second, _ := escapedUnit(escape[6:])
		if utf16.DecodeRune(first, second) == '\ufffd' {
			return true
		}
		text = escape[12:]
	}
}

// escapedUnit reads an escape like \u00e9.
func escapedUnit(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
