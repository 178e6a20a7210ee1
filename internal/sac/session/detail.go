package session

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const maxDetail = 200 // characters

// errorBody holds the error shapes of SCIM (RFC 7644 §3.12), of v1, of Spring and of OAuth.
type errorBody struct {
	ScimType    string          `json:"scimType"`
	Detail      json.RawMessage `json:"detail"`  // a string, or a list in v1
	Message     json.RawMessage `json:"message"` // a string, or anything
	Description string          `json:"error_description"`
	Error       json.RawMessage `json:"error"` // a string, or an object with message
}

// detail gives the answer's own words: short, in one line.
func (a *answer) detail() string {
	if a.page {
		return title(a.body)
	}
	var b errorBody
	// A part of a wrong type leaves the others readable, so the error does not matter.
	_ = json.Unmarshal(a.body, &b)
	for _, text := range []string{
		words(b.Detail), words(b.Message), b.Description, words(b.Error), b.ScimType,
	} {
		if text = oneLine(text); text != "" {
			return text
		}
	}
	if a.isJSON() {
		return ""
	}
	return oneLine(string(a.body))
}

func (a *answer) scimType() string {
	var b errorBody
	_ = json.Unmarshal(a.body, &b)
	return b.ScimType
}

func (a *answer) isJSON() bool { return json.Valid(a.body) }

// noRoute recognises the gateway's own 404.
func (a *answer) noRoute() bool {
	return a.status == http.StatusNotFound && bytes.Contains(a.body, []byte("Requested route does not exist"))
}

// words gives the text of a JSON string, of a list of them, or of an object's message.
func words(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		var parts []string
		for _, part := range list {
			if json.Unmarshal(part, &text) == nil && text != "" {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, "; ")
	}
	var inner struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(raw, &inner)
	return inner.Message
}

// oneLine shortens the text and makes it fit for a terminal.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "?")
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxDetail {
		runes = append(runes[:maxDetail-1], '…')
	}
	return string(runes)
}

var titleTag = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)

// title gives a web page's title.
func title(page []byte) string {
	m := titleTag.FindSubmatch(page)
	if m == nil {
		return ""
	}
	return oneLine(html.UnescapeString(string(m[1])))
}

// isPage recognises markup; without a body, by the type the header names.
func isPage(h http.Header, body []byte) bool {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(body) > 0 && bytes.IndexByte([]byte("<{["), body[0]) >= 0 {
		return body[0] == '<'
	}
	return strings.Contains(strings.ToLower(h.Get("Content-Type")), "html")
}

// retryAfter reads the header in seconds or as a date (RFC 9110 §10.2.3); ok is false without a usable
// one. SAP's scripts take the number for milliseconds, which the RFC does not.
func retryAfter(h http.Header, now time.Time) (d time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// What looks like a secret, whoever sends it: tokens; cookies, by the header that carries them, by the names that SAC
// and its gateways use, and by the word session in a name; CSRF tokens.
var (
	bearerToken  = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=|!-]{8,}|\beyJ[\w-]+\.[\w-]+\.?[\w-]*`)
	cookieHeader = regexp.MustCompile(`(?i)\b((?:set-)?cookie2?["']?\s*[:=]\s*)[^\r\n]+`)
	namedCookie  = regexp.MustCompile(`(?i)((?:[\w.-]*sess(?:ion)?[\w.-]*(?:=|%3d)|(?:jsessionid|jtenantsession_?\w*|sapxslb|xssecureid[\w.-]*|bigipserver[\w.~%-]*|__vcap_id__\w*|mysapsso2)["']?\s*(?:[=:]|%3d))\s*["']?)[^\s;,"'<>&)]{4,}`)
	csrfHeader   = regexp.MustCompile(`(?i)([\w-]*(?:csrf|xsrf)[\w-]*["']?\s*[:=]\s*["']?)[^\s;,"'<>&)]{4,}`)
)

// minSecret is how long a secret is at least that is looked for.
const minSecret = 4

// redact replaces secrets, and whatever looks like a secret.
func redact(text string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	text = bearerToken.ReplaceAllString(text, "***")
	for _, named := range []*regexp.Regexp{cookieHeader, namedCookie, csrfHeader} {
		text = named.ReplaceAllString(text, "${1}***")
	}
	return text
}
