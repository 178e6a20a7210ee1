package scimserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// Server answers SCIM requests. It is an http.Handler, safe for concurrent use.
type Server struct {
	buffers  sync.Pool // of *[]byte, for answers that are written in chunks
	base     string
	sources  map[string]*source
	tokens   TokenStore
	now      func() time.Time
	log      *slog.Logger
	observer Observer
	uses     tokenUses
	library  scim.Validator
}

// source is one endpoint at work.
type source struct {
	conf           Source
	switches       Switches
	server         *Server
	service        *service
	root           string // absolute, up to and including /v2
	rootJSON       string // the same without quotes, as it stands within a JSON string
	requests       *rateLimiter
	failedAttempts *attempts
	grants         map[string]*rateLimiter   // of tokens to each client
	dropped        atomic.Pointer[time.Time] // when expired tokens were removed
	discovery      *discovery
}

// New gives a Server over the directory. It gathers every fault of the options. The directory belongs to
// the caller; Run writes the last uses of tokens.
func New(dir *directory.Directory, o Options) (*Server, error) {
	if dir == nil {
		return nil, errors.New("scimserver: a directory is needed")
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("scim sources: %w", err)
	}
	s := &Server{base: strings.TrimRight(o.BaseURL, "/"), sources: map[string]*source{}, tokens: o.Tokens, now: o.Now, log: o.Logger, observer: o.Observer, library: newLibrary()}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.observer == nil {
		s.observer = noObserver{}
	}
	for _, conf := range o.Sources {
		added, err := s.newSource(dir, conf)
		if err != nil {
			return nil, fmt.Errorf("scim source %q: %w", conf.Name, err)
		}
		s.sources[conf.Name] = added
	}
	return s, nil
}

func (s *Server) newSource(dir *directory.Directory, conf Source) (*source, error) {
	switches, err := SwitchesOf(conf.Profile, conf.Switches)
	if err != nil {
		return nil, err
	}
	conf.Limits = conf.Limits.withDefaults()
	src := &source{
		conf: conf, switches: switches, server: s, root: s.base + "/scim/" + conf.Name + "/v2",
		requests: newRateLimiter(conf.Limits.Rate, conf.Limits.Burst), failedAttempts: newAttempts(), grants: map[string]*rateLimiter{},
	}
	for _, c := range conf.Auth.Clients {
		src.grants[c.ID] = newRateLimiter(attemptRate, attemptBurst)
	}
	quoted := string(appendString(nil, src.root))
	src.rootJSON = quoted[1 : len(quoted)-1]
	src.service = newService(dir, src)
	if src.discovery, err = newDiscovery(src); err != nil {
		return nil, err
	}
	return src, nil
}

// ServeHTTP answers a request, with a SCIM error where it cannot do what was asked.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, r: r, start: s.now(), id: RequestID(r)}
	x.w = &responseRecorder{ResponseWriter: w, head: r.Method == http.MethodHead}
	defer x.finish()
	x.w.Header().Set("X-Request-Id", x.id)
	if err := checkHeader(r); err != nil {
		x.w.Header().Set("Connection", "close")
		x.writeProblem(err)
		return
	}
	if len(r.TransferEncoding) > 0 && r.ProtoMajor == 1 {
		// The request may have had a Content-Length as well, which net/http leaves out; a proxy that goes by it sees
		// another end of the body. Nothing more is read from such a connection (RFC 9112 §6.1).
		x.w.Header().Set("Connection", "close")
	}
	name, rest, ok := split(r.URL.Path)
	if !ok {
		x.writeProblem(notFound("the endpoint"))
		return
	}
	if x.source = s.sources[name]; x.source == nil {
		x.writeProblem(notFound("the source"))
		return
	}
	x.route = routeOf(rest)
	if !x.isLookup() {
		ctx, cancel := context.WithTimeout(r.Context(), x.source.conf.Limits.Time)
		defer cancel()
		x.r = r.WithContext(ctx)
	}
	if x.route.endpoint == atToken {
		x.deadline()
		x.serveToken()
		return
	}
	if err := x.admit(); err != nil {
		if r.ContentLength != 0 {
			// Else net/http would wait for a stranger's body before it answers.
			x.w.Header().Set("Connection", "close")
		}
		x.writeProblem(err)
		return
	}
	if err := x.serve(); err != nil {
		x.writeProblem(err)
	}
}
