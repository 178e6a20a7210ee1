package scimserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Options says what New builds. BaseURL, Directory, and at least one source are needed.
type Options struct {
	// BaseURL is the public address without a path or with the path a proxy adds, as in
	// https://scim.example.com. Every location in an answer begins with it.
	BaseURL string
	Sources []Source
	// Tokens holds the bearer tokens of all sources. Without it only certificates and issuers' tokens are accepted.
	Tokens TokenStore
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger takes what an operator should see and no caller may: causes of 500s. Nil discards.
	Logger *slog.Logger
	// Observer is told of every request; nil tells nobody.
	Observer Observer
}

// Source is one inbound endpoint with a directory partition, credentials and limits of its own.
type Source struct {
	// Name is the path segment and the directory's partition: letters, digits, dot, dash, underscore.
	Name string
	// Profile names a set of switches; empty is ProfileDefault.
	Profile Profile
	// Switches override single switches of the profile by name (see Switches).
	Switches map[string]bool
	Auth     Auth
	Limits   Limits
}

// Auth says who may use a source. Any one method that accepts the request is enough; the address list
// applies in addition to all of them. A source without any method refuses everybody.
type Auth struct {
	// Tokens accepts the source's bearer tokens of the token store.
	Tokens bool
	// Clients may exchange a client id and secret for a bearer token at the source's token endpoint.
	Clients []Client
	// Issuers accept signed tokens of other parties.
	Issuers []Issuer
	// Certificates accept a client certificate that the listener has verified already.
	Certificates []Certificate
	// Addresses is the allow list; empty allows every address.
	Addresses []netip.Prefix
}

// Limits of a source. Zero fields take the default that DefaultLimits shows.
type Limits struct {
	Body           int64         // bytes of a user, a patch or a search
	GroupBody      int64         // bytes of a group with its members
	BulkBody       int64         // bytes of a Bulk request; announced as maxPayloadSize
	BulkOperations int           // announced as maxOperations
	Results        int           // largest page; announced as maxResults
	Page           int           // page size where the client names none
	Time           time.Duration // for reading a request and working on it
	Rate           float64       // requests per second, 0 for no limit
	Burst          int           // requests at once under the rate
	ListMembers    int           // members of one group shown in a list; a group with more is shown without
}

// DefaultLimits are those of a source that sets none.
func DefaultLimits() Limits {
	return Limits{
		Body: 1 << 20, GroupBody: 64 << 20, BulkBody: 16 << 20, BulkOperations: 1000, Results: 1000, Page: 100,
		Time: time.Minute, Rate: 0, Burst: 0, ListMembers: 10_000,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	setDefault(&l.Body, d.Body)
	setDefault(&l.GroupBody, d.GroupBody)
	setDefault(&l.BulkBody, d.BulkBody)
	setDefault(&l.BulkOperations, d.BulkOperations)
	setDefault(&l.Results, d.Results)
	setDefault(&l.Page, min(d.Page, l.Results))
	setDefault(&l.Time, d.Time)
	setDefault(&l.ListMembers, d.ListMembers)
	if l.Rate > 0 {
		setDefault(&l.Burst, max(int(l.Rate), 1))
	}
	return l
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// check gathers every fault of the options.
func (o Options) check() error {
	var faults []error
	if u, err := url.Parse(o.BaseURL); err != nil || u.Scheme == "" || u.Host == "" || u.RawQuery != "" {
		faults = append(faults, fmt.Errorf("base URL %q is not an absolute URL", o.BaseURL))
	}
	if len(o.Sources) == 0 {
		faults = append(faults, errors.New("no source"))
	}
	seen := map[string]bool{}
	for _, s := range o.Sources {
		if !sourceName.MatchString(s.Name) {
			faults = append(faults, fmt.Errorf("source name %q: letters, digits, dot, dash and underscore only", s.Name))
		}
		if seen[strings.ToLower(s.Name)] {
			faults = append(faults, fmt.Errorf("source %q is there twice", s.Name))
		}
		seen[strings.ToLower(s.Name)] = true
		if _, err := SwitchesOf(s.Profile, s.Switches); err != nil {
			faults = append(faults, fmt.Errorf("source %q: %w", s.Name, err))
		}
		if (s.Auth.Tokens || len(s.Auth.Clients) > 0) && o.Tokens == nil {
			faults = append(faults, fmt.Errorf("source %q takes bearer tokens, but there is no token store", s.Name))
		}
	}
	return errors.Join(faults...)
}

// RequestInfo is what an access log or a metric may know of a request: nothing personal and no secret.
type RequestInfo struct {
	Request  string // the request id, as in the answer
	Source   string // empty where the path names none
	Method   string
	Route    string // template, as in /Users/{id}
	Status   int
	Bytes    int64 // of the answer's body
	Duration time.Duration
	ID       string    // of the resource, where the route has one or a create made one
	By       string    // the credential: token name, client, issuer or certificate; never the secret
	At       time.Time // when the request came
}

// Observer is told of requests. Its methods are called on the request's goroutine and must not block;
// they may be called at once from many.
type Observer interface {
	// Done is called after the answer of every request.
	Done(ctx context.Context, s RequestInfo)
	// Denied is called for every refused credential.
	Denied(ctx context.Context, s RequestInfo, why Refusal)
}

type noObserver struct{}

func (noObserver) Done(context.Context, RequestInfo)            {}
func (noObserver) Denied(context.Context, RequestInfo, Refusal) {}
