package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"sacbridge/internal/upstream"
)

// broken classes a call without a whole answer. Whether the request was sent decides: what was not
// sent is repeated, and a write that may have arrived is not.
func (s *Session) broken(ctx context.Context, c *call, err error, sent bool) *failure {
	if ctx.Err() != nil {
		return cancelled(c.Op, ctx.Err(), sent && !c.Read)
	}
	f := &failure{step: repeat, Error: upstream.Error{
		Class: upstream.RetryNow, Code: codeOf(err, sent), Op: c.Op, Err: err, Cause: causeOf(err, c.host()), Unreachable: !sent,
	}}
	if errors.Is(err, context.DeadlineExceeded) {
		f.Err = fmt.Errorf("no answer within %v: %w", c.timeout(), err)
	}
	if sent && !c.Read {
		f.step, f.Class, f.Cause = stop, upstream.Unknown, mayHaveEffect
	}
	return f
}

// codeOf puts a failed connection in a word.
func codeOf(err error, sent bool) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return upstream.CodeTimeout
	case causeOfTLS(err, "") != "":
		return upstream.CodeTLS
	case sent:
		return upstream.CodeNoReply
	}
	return upstream.CodeUnreachable
}

func cancelled(op string, err error, effect bool) *failure {
	f := &failure{Error: upstream.Error{Class: upstream.Cancelled, Op: op, Err: err}}
	if effect {
		f.Cause = "the write had been sent and may have taken effect"
	}
	return f
}

// causeOf puts a failed connection in the words of who can mend it.
func causeOf(err error, host string) string {
	if cause := causeOfTLS(err, host); cause != "" {
		return cause
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		if name.IsNotFound {
			return fmt.Sprintf("the host name %s does not exist: is the url right?", name.Name)
		}
		return fmt.Sprintf("the name server does not answer for %s", name.Name)
	}
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case op != nil && op.Op == "proxyconnect":
		return "the proxy of HTTPS_PROXY cannot be reached, or does not let this host through"
	case errors.Is(err, connectionRefused):
		return fmt.Sprintf("nothing listens at %s: is the url right?", host)
	case errors.Is(err, hostUnreachable), errors.Is(err, networkUnreachable):
		return fmt.Sprintf("there is no way to %s: is a proxy needed?", host)
	case isDial(err) && isTimeout(err):
		return fmt.Sprintf("%s does not take the connection: is a proxy needed?", host)
	case errors.Is(err, connectionReset), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("%s, or a proxy in between, dropped the connection", host)
	}
	return ""
}

func causeOfTLS(err error, host string) string {
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if bad.Reason == x509.Expired && bad.Cert != nil {
			return fmt.Sprintf("the certificate of %s is valid from %s to %s, signed by %s: is the clock right?", host,
				bad.Cert.NotBefore.Format(time.DateOnly), bad.Cert.NotAfter.Format(time.DateOnly), signer(bad.Cert))
		}
		return fmt.Sprintf("the certificate of %s cannot be used", host)
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Sprintf("the certificate of %s is signed by %s, which is not known here: name its certificate in tls.ca or by --ca",
			host, signer(unknown.Cert))
	}
	if other, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("the certificate is not for %s: is the url right, or does a proxy answer?", other.Host)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return fmt.Sprintf("%s does not speak TLS: is it http, or another port?", host)
	}
	return ""
}

func signer(c *x509.Certificate) string {
	if c == nil {
		return "an unknown authority"
	}
	if c.Issuer.CommonName != "" {
		return fmt.Sprintf("%q", c.Issuer.CommonName)
	}
	return fmt.Sprintf("%q", c.Issuer.String())
}

// isDial tells whether the connection failed before anything could be sent.
func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect")
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
