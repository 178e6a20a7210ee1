package scimserver

import (
	"bytes"
	"crypto/rand"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// AnswerRefusals gives a listener on whose connections SCIM errors stand in the place of the plain text with which
// net/http refuses what never becomes a request: a head that is none, or far over the limit. It is for listeners
// without TLS; with it, net/http has to see the connection itself.
func AnswerRefusals(l net.Listener) net.Listener { return refusingListener{l} }

type refusingListener struct{ net.Listener }

// Accept waits for the next connection.
func (l refusingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &refusingConn{conn}, nil
}

type refusingConn struct{ net.Conn }

// Write sends p, or a SCIM error where p is such a refusal. net/http writes each in one piece.
func (c *refusingConn) Write(p []byte) (int, error) {
	answer := refusalAsSCIM(p)
	if answer == nil {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(answer); err != nil {
		return 0, err
	}
	return len(p), nil
}

// CloseWrite ends this direction alone, so that a client which is still sending can read the refusal.
func (c *refusingConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// refusalHead is what stands behind the status line of a refusal, and of nothing that a handler answers: that
// has a date.
const refusalHead = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// refusalAsSCIM gives the answer in the place of a refusal; nil where p is none.
func refusalAsSCIM(p []byte) []byte {
	rest, ok := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || rest[0] < '4' {
		return nil
	}
	line, text, ok := bytes.Cut(rest, []byte(refusalHead))
	status, err := strconv.Atoi(string(rest[:3]))
	if !ok || err != nil || bytes.ContainsAny(line, "\r\n") {
		return nil
	}
	why := &problem{status: status, detail: strings.TrimSpace(strings.TrimPrefix(string(text), strconv.Itoa(status)))}
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge:
		why = headerTooLarge()
	case http.StatusBadRequest:
		reason := strings.TrimPrefix(why.detail, "Bad Request")
		why.detail = "the request is not HTTP" + reason
	}
	id := rand.Text()
	body := why.body(id)
	head := "HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\nContent-Type: " + contentType +
		"\r\nX-Request-Id: " + id + "\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n"
	return append([]byte(head), body...)
}
