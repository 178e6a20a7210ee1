package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// maxBody bounds every request body; a PUT of a full team is about 3 MB.
const maxBody = 32 << 20

const (
	v1Base = "/api/v1/scim"
	v2Base = "/api/v1/scim2"
	v3Base = "/api/v1/scim3"
)

// request is one call as the handlers see it; Bulk makes them for its operations.
type request struct {
	call   *Call
	v1     bool
	id     string
	query  url.Values
	header http.Header
	raw    []byte
	body   object // of a route that takes one
}

// reply is an answer; a string or rawJSON body goes out as it is, anything else as JSON.
type reply struct {
	status int
	body   any
	ctype  string
	header map[string]string
}

type handler func(*request) reply

// route is one line of the tenant's surface.
type route struct {
	pattern string
	handle  handler
	write   bool
}

func (s *Service) routeTable() []route {
	table := []route{
		{"GET " + v1Base + "/Users", s.listUsersV1, false},
		{"POST " + v1Base + "/Users", s.createUserV1, true},
		{"POST " + v1Base + "/Users/.search", s.searchUsersV1, false},
		{"GET " + v1Base + "/Users/{id}", s.getUserV1, false},
		{"PUT " + v1Base + "/Users/{id}", s.putUserV1, true},
		{"DELETE " + v1Base + "/Users/{id}", s.deleteUserV1, true},
		{"GET " + v1Base + "/Groups", s.listTeamsV1, false},
		{"POST " + v1Base + "/Groups", s.createTeamV1, true},
		{"GET " + v1Base + "/Groups/{id}", s.getTeamV1, false},
		{"PUT " + v1Base + "/Groups/{id}", s.putTeamV1, true},
		{"DELETE " + v1Base + "/Groups/{id}", s.deleteTeamV1, true},
		{"GET /api/v1/audit/activities/exportActivities", s.exportActivities, false},
		{"POST /api/v1/audit/activities/exportActivities", s.exportActivities, false},
		{"GET /api/v1/Repositories", s.listRepository, false},
		{"GET /sap/fpa/services/rest/fpa/dataintegration", s.dataIntegration, false},
		{"POST /sap/fpa/services/rest/fpa/dataintegration", s.dataIntegration, false},
	}
	if s.cfg.Platform == NEO {
		return table
	}
	return append(table, []route{
		{"GET " + v2Base + "/Users", s.listUsersV2, false},
		{"POST " + v2Base + "/Users", s.createUserV2, true},
		{"POST " + v2Base + "/Users/.search", s.searchUsersV2, false},
		{"GET " + v2Base + "/Users/{id}", s.getUserV2, false},
		{"PUT " + v2Base + "/Users/{id}", s.putUserV2, true},
		{"PATCH " + v2Base + "/Users/{id}", s.patchUserV2, true},
		{"DELETE " + v2Base + "/Users/{id}", s.deleteUserV2, true},
		{"GET " + v2Base + "/Groups", s.listTeamsV2, false},
		{"POST " + v2Base + "/Groups", s.createTeamV2, true},
		{"POST " + v2Base + "/Groups/.search", s.searchTeamsV2, false},
		{"GET " + v2Base + "/Groups/{id}", s.getTeamV2, false},
		{"PUT " + v2Base + "/Groups/{id}", s.putTeamV2, true},
		{"PATCH " + v2Base + "/Groups/{id}", s.patchTeamV2, true},
		{"DELETE " + v2Base + "/Groups/{id}", s.deleteTeamV2, true},
		{"POST " + v2Base + "/Bulk", s.bulk, true},
		{"GET " + v2Base + "/ServiceProviderConfig", s.serviceProviderConfig, false},
		{"GET " + v2Base + "/Schemas", s.listSchemas, false},
		{"GET " + v2Base + "/Schemas/{id}", s.getSchema, false},
		{"GET " + v2Base + "/ResourceTypes", s.listResourceTypes, false},
		{"GET " + v2Base + "/ResourceTypes/{id}", s.getResourceType, false},
		{"GET " + v3Base + "/Groups", s.listGroupsV3, false},
		{"GET " + v3Base + "/Groups/{id}", s.getGroupV3, false},
	}...)
}

func (s *Service) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range s.routeTable() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(rt, w, r) })
	}
	return mux
}

// ServeHTTP answers an authorised request; unknown paths and methods get the tenant's 404. It fills
// in the Call of the request's context before it writes the answer's first byte.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r2 := withoutTrailingSlash(r)
	// The mux would redirect an unclean path and turn a POST into a GET; the tenant knows no such route.
	escaped := r2.URL.EscapedPath()
	if _, pattern := s.mux.Handler(r2); pattern == "" || path.Clean(escaped) != escaped {
		CallFrom(r.Context()).Work = Work{Kind: WorkNotFound}
		writeReply(w, r, reply{status: http.StatusNotFound, body: textRoute, ctype: "text/plain; charset=utf-8"})
		return
	}
	s.mux.ServeHTTP(w, r2)
}

func withoutTrailingSlash(r *http.Request) *http.Request {
	if !strings.HasSuffix(r.URL.Path, "/") || r.URL.Path == "/" {
		return r
	}
	u := *r.URL
	u.Path = strings.TrimSuffix(u.Path, "/")
	u.RawPath = strings.TrimSuffix(u.RawPath, "/")
	r2 := new(http.Request)
	*r2 = *r
	r2.URL = &u
	return r2
}

// serve reads the body, runs the handler under the lock and writes the answer after it.
func (s *Service) serve(rt route, w http.ResponseWriter, r *http.Request) {
	call := CallFrom(r.Context())
	call.Route = rt.pattern
	q := &request{
		call: call, v1: !strings.Contains(rt.pattern, v2Base) && !strings.Contains(rt.pattern, v3Base),
		id: r.PathValue("id"), query: r.URL.Query(), header: r.Header,
	}
	if bad := q.readBody(w, r); bad != nil {
		writeReply(w, r, *bad)
		return
	}
	writeReply(w, r, s.locked(rt, q))
}

func (s *Service) locked(rt route, q *request) reply {
	if rt.write {
		s.mu.Lock()
		defer s.mu.Unlock()
	} else {
		s.mu.RLock()
		defer s.mu.RUnlock()
	}
	out := rt.handle(q)
	if q.call.Work.Kind == "" {
		q.call.Work.Kind = WorkOther
	}
	q.call.Work.Users = len(s.state.users)
	return out
}

// readBody takes the body in and parses it, outside the lock.
func (q *request) readBody(w http.ResponseWriter, r *http.Request) *reply {
	if r.Method == http.MethodGet || r.Method == http.MethodDelete || r.Body == nil {
		return nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		out := q.refuse(status, "", fmt.Sprintf("read body: %v", err))
		return &out
	}
	q.raw = raw
	if strings.HasPrefix(r.URL.Path, "/api/v1/scim") {
		if q.body, err = parseObject(raw); err != nil {
			out := q.refuse(http.StatusBadRequest, "invalidSyntax", textInvalid)
			return &out
		}
	}
	return nil
}

func writeReply(w http.ResponseWriter, r *http.Request, out reply) {
	ctype := out.ctype
	if ctype == "" {
		ctype = "application/json;charset=utf-8"
		if strings.Contains(r.Header.Get("Accept"), "application/scim+json") && !strings.HasPrefix(r.URL.Path, v1Base+"/") {
			ctype = "application/scim+json;charset=utf-8"
		}
	}
	for k, v := range out.header { // not in canonical form: script 4101 compares the exact spelling
		w.Header()[k] = []string{v}
	}
	if out.body == nil {
		w.WriteHeader(out.status)
		return
	}
	w.Header().Set("Content-Type", ctype)
	w.WriteHeader(out.status)
	switch body := out.body.(type) {
	case string:
		_, _ = io.WriteString(w, body) // a client that hung up is none of the tenant's business
	case rawJSON:
		body.writeTo(w)
	default:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(body)
	}
}
