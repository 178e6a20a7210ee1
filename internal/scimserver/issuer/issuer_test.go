package issuer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sacbridge/internal/scimserver"
)

const (
	idp      = "https://idp.example.com/"
	audience = "bridge"
)

// signer signs tokens under a key id.
type signer struct {
	tb  testing.TB
	kid string
	key *ecdsa.PrivateKey
}

func newSigner(tb testing.TB, kid string) *signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return &signer{tb: tb, kid: kid, key: key}
}

func (s *signer) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: s.key.Public(), KeyID: s.kid, Algorithm: "ES256", Use: "sig"}
}

func (s *signer) sign(change ...func(*claims)) string {
	s.tb.Helper()
	now := time.Now()
	c := claims{Claims: jwt.Claims{Issuer: idp, Subject: "agent", Audience: jwt.Audience{audience, "other"}, Expiry: jwt.NewNumericDate(now.Add(24 * time.Hour)), NotBefore: jwt.NewNumericDate(now)}}
	for _, f := range change {
		f(&c)
	}
	options := &jose.SignerOptions{}
	if s.kid != "" {
		options = options.WithHeader("kid", s.kid)
	}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.key}, options)
	if err != nil {
		s.tb.Fatal(err)
	}
	text, err := jwt.Signed(made).Claims(c).Serialize()
	if err != nil {
		s.tb.Fatal(err)
	}
	return text
}

// source is where a Verifier of a test reads keys from.
type source struct {
	keys  []jose.JSONWebKey
	err   error
	hangs bool // until the reading is given up
	slow  time.Duration
	reads int
}

func (s *source) read(ctx context.Context) ([]jose.JSONWebKey, error) {
	s.reads++
	if s.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if s.slow > 0 {
		<-time.After(s.slow)
	}
	return s.keys, s.err
}

func verifierOf(t *testing.T, s *source) *Verifier {
	t.Helper()
	return newVerifier(t.Context(), Issuer{URL: idp, Audience: audience, Log: slog.New(slog.DiscardHandler)}, s.read)
}

// reasonOf is the reason of a refusal; "" where there is none.
func reasonOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	why, ok := errors.AsType[*scimserver.Refusal](err)
	if !ok {
		t.Fatalf("the error is %T: %v, want a Refusal", err, err)
	}
	return why.Reason
}

// Trial 14: an operator reads in the log why a token is refused, and never the token.
func TestTrial14ARefusedTokenIsExplained(t *testing.T) {
	t.Parallel()
	known, stranger := newSigner(t, "k1"), newSigner(t, "k1")
	other := newSigner(t, "k9")
	v := verifierOf(t, &source{keys: []jose.JSONWebKey{known.public()}})
	good := known.sign(func(c *claims) { c.App = "app" })
	shared, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hmac, err := jwt.Signed(shared).Claims(jwt.Claims{Issuer: idp}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	ago := func(d time.Duration) *jwt.NumericDate { return jwt.NewNumericDate(time.Now().Add(-d)) }
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct {
		token, reason, words string
	}{
		"a good token":                        {good, "", ""},
		"expired within the leeway":           {known.sign(func(c *claims) { c.Expiry = ago(30 * time.Second) }), "", ""},
		"opaque":                              {"abcdef", reasonMalformed, "no dots"},
		"cut":                                 {parts[0] + "." + parts[1], reasonMalformed, "2 parts"},
		"changed":                             {"x" + good, reasonMalformed, "3 parts"},
		"encrypted":                           {"a.b.c.d.e", reasonMalformed, "encrypted"},
		"a shared secret":                     {hmac, reasonAlgorithm, `"HS256"`},
		"unsigned":                            {"eyJhbGciOiJub25lIn0." + parts[1] + ".", reasonAlgorithm, `"none"`},
		"another issuer":                      {known.sign(func(c *claims) { c.Issuer = "https://idp.example.com" }), scimserver.ReasonOtherIssuer, `"https://idp.example.com"`},
		"another audience":                    {known.sign(func(c *claims) { c.Audience = jwt.Audience{"api://x"} }), reasonAudience, `"api://x" (its claim aud), and audience is "bridge"`},
		"no audience":                         {known.sign(func(c *claims) { c.Audience = nil }), reasonAudience, "audience"},
		"expired":                             {known.sign(func(c *claims) { c.Expiry = ago(time.Hour) }), reasonExpired, "1h0m"},
		"without expiry":                      {known.sign(func(c *claims) { c.Expiry = nil }), reasonExpired, "no expiry"},
		"not valid yet":                       {known.sign(func(c *claims) { c.NotBefore = ago(-time.Hour) }), reasonEarly, "clock"},
		"a key of that id of somebody else":   {stranger.sign(), reasonSignature, `"k1"`},
		"a signature that was changed":        {parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), reasonSignature, `"k1"`},
		"claims that were changed":            {parts[0] + "." + strings.Split(known.sign(), ".")[1] + "." + parts[2], reasonSignature, `"k1"`},
		"a key that the issuer does not have": {other.sign(), reasonUnknownKey, `"k9", which is not among the 1 keys`},
	} {
		_, err := v.Verify(t.Context(), c.token)
		if got := reasonOf(t, err); got != c.reason {
			t.Errorf("%s: reason %q (%v), want %q", name, got, err, c.reason)
		}
		if err == nil {
			continue
		}
		if !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %q does not say %q", name, err, c.words)
		}
		for part := range strings.SplitSeq(c.token, ".") {
			if len(part) > 5 && strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q shows a part of the token", name, err)
			}
		}
	}
	got, err := v.Verify(t.Context(), good)
	if err != nil || got != (scimserver.Claims{Subject: "agent", Client: "app"}) {
		t.Errorf("claims %+v, %v", got, err)
	}
}

// Trial 14: made-up key ids cannot make the bridge flood the issuer, nor keep a new key out.
func TestTrial14UnknownKeysAreAskedForOnceInAWhile(t *testing.T) {
	t.Parallel()
	first, second, stranger := newSigner(t, "k1"), newSigner(t, "k2"), newSigner(t, "made-up")
	synctest.Test(t, func(t *testing.T) {
		s := &source{keys: []jose.JSONWebKey{first.public()}}
		v := verifierOf(t, s)
		for n := range 1000 {
			stranger.kid = fmt.Sprintf("made-up-%d", n)
			if _, err := v.Verify(t.Context(), stranger.sign()); reasonOf(t, err) != reasonUnknownKey {
				t.Fatalf("a made-up key: %v", err)
			}
		}
		if s.reads != 1 {
			t.Errorf("1000 made-up keys at once: the issuer was asked %d times, want once", s.reads)
		}
		s.keys = []jose.JSONWebKey{first.public(), second.public()}
		<-time.After(pause)
		if _, err := v.Verify(t.Context(), second.sign()); err != nil || s.reads != 2 {
			t.Errorf("a new key after %s: %v, %d reads; want it accepted after the second", pause, err, s.reads)
		}
	})
}

// Trial 14: keys that were read serve on while the issuer is down, and one that it withdraws does not.
func TestTrial14OldKeysServeWhileTheIssuerIsDown(t *testing.T) {
	t.Parallel()
	first, second := newSigner(t, "k1"), newSigner(t, "k2")
	synctest.Test(t, func(t *testing.T) {
		s := &source{keys: []jose.JSONWebKey{first.public()}}
		v := verifierOf(t, s)
		verify := func(name, want string, by *signer) {
			t.Helper()
			begin := time.Now()
			_, err := v.Verify(t.Context(), by.sign())
			synctest.Wait()
			if got := reasonOf(t, err); got != want {
				t.Errorf("%s: %q (%v), want %q", name, got, err, want)
			}
			if took := time.Since(begin); took > waitTimeout {
				t.Errorf("%s: took %v", name, took)
			}
		}
		verify("the first token", "", first)
		for name, outage := range map[string]source{"hangs": {hangs: true}, "fails": {err: errors.New("503")}} {
			s.hangs, s.err = outage.hangs, outage.err
			for range 12 {
				<-time.After(refreshAfter)
				verify("a known key while the issuer "+name, "", first)
				verify("an unknown key while the issuer "+name, reasonUnavailable, second)
			}
		}
		s.hangs, s.err, s.keys = false, nil, []jose.JSONWebKey{second.public()}
		<-time.After(refreshAfter)
		verify("beside the reading that is due", "", first)
		verify("the new key", "", second)
		verify("the withdrawn key", reasonUnknownKey, first)
	})
}

// Trial 14: an issuer that is down is asked less and less, by however many tokens.
func TestTrial14AnIssuerThatIsDownIsLeftAlone(t *testing.T) {
	t.Parallel()
	first := newSigner(t, "k1")
	synctest.Test(t, func(t *testing.T) {
		s := &source{err: errors.New("refused")}
		v := verifierOf(t, s)
		for range 600 {
			if _, err := v.Verify(t.Context(), first.sign()); reasonOf(t, err) != reasonUnavailable {
				t.Fatalf("got %v", err)
			}
			<-time.After(time.Second)
		}
		if s.reads < 8 || s.reads > 15 {
			t.Errorf("in ten minutes the issuer was asked %d times, want about once a minute", s.reads)
		}
		s.err, s.keys = nil, []jose.JSONWebKey{first.public()}
		<-time.After(maxPause)
		if _, err := v.Verify(t.Context(), first.sign()); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

// Trial 14: a key that the issuer puts in the place of another, under the same id or without any, is found, and those who
// only claim to have one make the issuer be asked no more often.
func TestTrial14AKeyThatIsReplacedIsFound(t *testing.T) {
	t.Parallel()
	for _, kid := range []string{"", "k1"} {
		old, replacing, forged := newSigner(t, kid), newSigner(t, kid), newSigner(t, kid)
		synctest.Test(t, func(t *testing.T) {
			s := &source{keys: []jose.JSONWebKey{old.public()}}
			v := verifierOf(t, s)
			if _, err := v.Verify(t.Context(), old.sign()); err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if _, err := v.Verify(t.Context(), forged.sign()); reasonOf(t, err) != reasonSignature {
					t.Fatalf("forged: %v", err)
				}
			}
			if s.reads != 1 {
				t.Errorf("100 forged tokens: the issuer was asked %d times, want once", s.reads)
			}
			s.keys = []jose.JSONWebKey{replacing.public()}
			<-time.After(pause)
			if _, err := v.Verify(t.Context(), replacing.sign()); err != nil {
				t.Errorf("key id %q: the new key: %v", kid, err)
			}
			if _, err := v.Verify(t.Context(), old.sign()); reasonOf(t, err) != reasonSignature {
				t.Errorf("key id %q: the replaced key: %v", kid, err)
			}
		})
	}
}
