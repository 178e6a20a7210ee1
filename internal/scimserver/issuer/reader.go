package issuer

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// maxDocument is far above any key set or discovery document.
	maxDocument = 1 << 20
	// maxKeys bounds how many keys a token without a key id is tried with.
	maxKeys = 64
)

// reader reads an issuer's keys over HTTP.
type reader struct {
	issuer *Issuer
	http   *http.Client
}

func newReader(issuer *Issuer) *reader {
	return &reader{issuer: issuer, http: &http.Client{
		Timeout: readTimeout,
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: issuer.Roots, MinVersion: tls.VersionTLS12},
			MaxIdleConns: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: readTimeout, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 {
				return errors.New("it redirects too often")
			}
			return safe(r.URL)
		},
	}}
}

// safe refuses to take keys from an address where they could be anybody's.
func safe(u *url.URL) error {
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%s://%s is no https address", u.Scheme, u.Host)
}

// read gives the keys that can verify signatures.
func (r *reader) read(ctx context.Context) ([]jose.JSONWebKey, error) {
	address := r.issuer.KeysURL
	if address == "" {
		var err error
		if address, err = r.discover(ctx); err != nil {
			return nil, err
		}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := r.get(ctx, address, &set); err != nil {
		return nil, err
	}
	keys := usable(set.Keys)
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s shows %d keys, and none of them verifies signatures", address, len(set.Keys))
	}
	return keys, nil
}

// discover asks the issuer for the address of its keys (OpenID Connect Discovery 1.0 §4).
func (r *reader) discover(ctx context.Context) (string, error) {
	address := strings.TrimSuffix(r.issuer.URL, "/") + "/.well-known/openid-configuration"
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := r.get(ctx, address, &document); err != nil {
		return "", err
	}
	if document.Issuer != r.issuer.URL {
		return "", fmt.Errorf("%s is the document of issuer %s: issuer has to be exactly that", address, quoted(document.Issuer))
	}
	keys, err := url.Parse(document.Keys)
	if err != nil || keys.Host == "" {
		return "", fmt.Errorf("%s names no address of keys (jwks_uri)", address)
	}
	return document.Keys, safe(keys)
}

// get reads a JSON document.
func (r *reader) get(ctx context.Context, address string, into any) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := r.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", address, err)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("GET %s is answered with %s", address, response.Status)
	case len(text) > maxDocument:
		return fmt.Errorf("the answer of %s has more than %d KiB", address, maxDocument>>10)
	}
	if json.Unmarshal(text, into) != nil {
		return fmt.Errorf("the answer of %s is not the JSON that it should be", address)
	}
	return nil
}

// usable leaves out keys of unknown kinds (RFC 7517 §5), and those that are not public or not for signatures.
func usable(raw []json.RawMessage) (keys []jose.JSONWebKey) {
	for _, text := range raw[:min(len(raw), maxKeys)] {
		var key jose.JSONWebKey
		if json.Unmarshal(text, &key) == nil && key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	return keys
}
