package session

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"sacbridge/internal/upstream"
)

const (
	tokenOp = "obtain access token"
	// tokenTries is what SAP's scripts give the token call; only a 401 ends it at once.
	tokenTries = 2
)

// obtainToken gets a new access token. A 401 is final; any other failure gets one more try.
func (s *Session) obtainToken(ctx context.Context) (*oauth2.Token, *failure) {
	b := s.newTries().backoff
	for n := 1; ; n++ {
		t, f := s.requestToken(ctx)
		if f == nil || f.step == stop || n == tokenTries {
			if f != nil {
				f.step = stop
			}
			return t, f
		}
		d, err := waitTimed(ctx, cmp.Or(f.wait, b.NextBackOff()))
		if f.wait > 0 {
			s.stats.waited(d)
		}
		if err != nil {
			return nil, cancelled(tokenOp, err, false)
		}
		s.stats.retried()
	}
}

// requestToken makes one token call.
func (s *Session) requestToken(ctx context.Context) (*oauth2.Token, *failure) {
	id, secret, err := s.credentials()
	if err != nil {
		return nil, &failure{Error: upstream.Error{Class: upstream.Credentials, Code: upstream.CodeBadClient, Err: err}}
	}
	limited, cancel := context.WithTimeout(ctx, ordinaryTimeout)
	defer cancel()
	flight := &inFlight{count: func() { s.stats.called("POST token") }, permission: &permissionCheck{ask: func() error { return nil }}}
	client := &http.Client{
		Transport:     &basicAuth{next: s.transport, id: id, secret: secret, agent: s.cfg.UserAgent},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	config := clientcredentials.Config{
		ClientID: id, ClientSecret: secret, TokenURL: s.cfg.TokenURL.String(), AuthStyle: oauth2.AuthStyleInHeader,
	}
	limited = httptrace.WithClientTrace(limited, flight.trace())
	begun := time.Now()
	t, err := config.Token(context.WithValue(limited, oauth2.HTTPClient, client))
	flight.done()
	s.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "token call", slog.Bool("ok", err == nil),
		slog.Duration("elapsed", time.Since(begun)))
	if err != nil {
		return nil, s.tokenFailure(ctx, err, flight.maySent(err), id, secret)
	}
	if strings.TrimSpace(t.AccessToken) == "" {
		return nil, s.tokenFailure(ctx, errors.New("no token"), true, id, secret)
	}
	return t, nil
}

func (s *Session) credentials() (id, secret string, err error) {
	if id, err = s.cfg.ClientID(); err != nil {
		return "", "", err
	}
	if secret, err = s.cfg.ClientSecret(); err != nil {
		return "", "", err
	}
	if id == "" || secret == "" {
		return "", "", errors.New("the client ID or the client secret is empty")
	}
	return id, secret, nil
}

// tokenFailure classes a failed token call. The library's own text is dropped: it repeats the answer.
func (s *Session) tokenFailure(ctx context.Context, err error, sent bool, id, secret string) *failure {
	c := &call{Request: Request{Op: tokenOp, Method: http.MethodPost, Read: true}, url: s.cfg.TokenURL.String()}
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if _, net := errors.AsType[*url.Error](err); net || ctx.Err() != nil {
			return s.broken(ctx, c, withoutURL(err), sent)
		}
		return &failure{step: repeat, Error: upstream.Error{
			Class: upstream.RetryLater, Code: upstream.CodeOtherPage, Op: tokenOp, Unreachable: true,
			Detail: s.cfg.TokenURL.Host + " answered without an access token", Cause: wrongService,
		}}
	}
	a := newAnswer(refused.Response, refused.Body)
	basic := base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
	detail := redact(a.detail(), secret, url.QueryEscape(secret), basic)
	f := classifyToken(a)
	f.Op, f.Status, f.Detail = tokenOp, a.status, detail
	f.wait = s.retryWait(a)
	return f
}

const wrongService = "is the token url right, or is a proxy in between?"

// classifyToken classes the status of a refused token call.
func classifyToken(a *answer) *failure {
	f := &failure{step: repeat}
	switch {
	case a.status == http.StatusUnauthorized:
		f.step, f.Class, f.Code = stop, upstream.Credentials, upstream.CodeBadClient
		f.Cause = "the token service refuses client ID or secret: check the OAuth client under App Integration"
	case a.status == http.StatusForbidden, a.status == http.StatusBadRequest:
		f.Class, f.Code = upstream.Credentials, upstream.CodeBadClient
		f.Cause = "the OAuth client needs the grant type client credentials"
	case a.status == http.StatusTooManyRequests, a.status >= http.StatusInternalServerError:
		f.Class, f.Code = upstream.RetryLater, upstream.CodeUnavailable
		f.RetryAfter = a.retryAfter
	default:
		f.Class, f.Code, f.Unreachable, f.Cause = upstream.Refused, upstream.CodeOtherPage, true, wrongService
	}
	if a.page {
		f.Unreachable, f.Code, f.Cause = true, upstream.CodeOtherPage, wrongService
	}
	return f
}

// basicAuth sends client ID and secret as they are. The library form-encodes them, as RFC 6749
// §2.3.1 asks; SAC's token service does not decode them, and client IDs hold "!" and "|" (cloudfoundry/uaa
// issue 778).
type basicAuth struct {
	next              http.RoundTripper
	id, secret, agent string
}

// RoundTrip sends the request with the header replaced.
func (b *basicAuth) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth(b.id, b.secret)
	r.Header.Set("User-Agent", b.agent)
	r.Header.Set("Accept", "application/json")
	return b.next.RoundTrip(r)
}
