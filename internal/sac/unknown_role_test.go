package sac_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// simulatorsWords are how the simulated tenant refuses an unknown role.
var simulatorsWords = regexp.MustCompile(`User/group operation not completed: Invalid role (PROFILE:[^"]+)\.`)

// inOtherWords connects to a simulated tenant that words the refusal of an unknown role in another way; $1 stands for
// its ID. Without a list of roles v3 does not exist.
func inOtherWords(t *testing.T, s *sim, words string, list bool) {
	t.Helper()
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		body = simulatorsWords.ReplaceAll(body, []byte(words))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !list && strings.HasPrefix(r.URL.Path, "/api/v1/scim3") {
			http.Error(w, "404 Not Found: Requested route does not exist.", http.StatusNotFound)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	s.Tenant = connect(t, s.setup, s.setup.api, web.URL, s.token)
	s.Writer = s.Tenant.Writer(always{})
	t.Cleanup(s.Close)
}

func TestTrial8AnUnknownRoleInOtherWordsStopsOnlyItsLink(t *testing.T) {
	t.Parallel()
	const good, bad = "PROFILE:t.A:Good", "PROFILE:t.A:None"
	seed := `{"users":[{"id":"SYSOWNER","systemOwner":true},{"id":"ANNA"}],"roles":["` + good + `"],"teams":[{"id":"Red"}]}`
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		for _, list := range []bool{true, false} {
			for _, words := range []string{
				"The role None is not there (role None)", "unbekannte Rolle $1", "Bad Request", "One of the roles does not exist",
			} {
				t.Run(fmt.Sprintf("%s, list of roles %v, %s", platform, list, words), func(t *testing.T) {
					t.Parallel()
					s := open(t, setup{platform: platform, seed: seed})
					inOtherWords(t, s, words, list)
					roles := []string{good, bad}
					u := newcomer("BERT")
					u.Roles = roles
					lost := lostRole(t, "create", func(known []string) upstream.Outcome {
						u.Roles = known
						return s.CreateUsers(t.Context(), []*identity.User{u})[0]
					}, roles)
					change := upstream.UserUpdate{UserKey: upstream.UserKey{UserID: "ANNA"}, Language: &upstream.Edit[string]{Before: "en", After: "de"}}
					lost = append(lost, lostRole(t, "update", func(known []string) upstream.Outcome {
						change.AddRoles = known
						return s.UpdateUsers(t.Context(), []upstream.UserUpdate{change})[0]
					}, roles)...)
					lost = append(lost, lostRole(t, "team", func(known []string) upstream.Outcome {
						return s.UpdateGroup(t.Context(), upstream.GroupUpdate{GroupKey: upstream.GroupKey{Name: "Red"}, AddRoles: known})
					}, roles)...)
					if diff := cmp.Diff(lost, []string{bad, bad, bad}); diff != "" {
						t.Errorf("roles left out (-got +want):\n%s", diff)
					}
					people := s.find(upstream.UserQuery{UserIDs: []string{"ANNA", "BERT"}})
					for _, id := range []string{"ANNA", "BERT"} {
						if p := people[id]; p == nil || !slices.Equal(p.Roles, []string{good}) || p.Language != "de" {
							t.Errorf("%s is %+v", id, p)
						}
					}
					if team := s.groups(upstream.GroupQuery{Names: []string{"Red"}})["Red"]; !slices.Equal(team.Roles, []string{good}) {
						t.Errorf("the team has %v", team.Roles)
					}
				})
			}
		}
	}
}

// lostRole makes a write the way a run does: without a role that an error names it is tried again.
func lostRole(t *testing.T, what string, write func(roles []string) upstream.Outcome, roles []string) []string {
	t.Helper()
	out := write(roles)
	if out.Err == nil {
		var lost []string
		for _, part := range out.Undone {
			lost = append(lost, part.Key)
		}
		return lost
	}
	e := asError(t, out.Err)
	if e.MissingRef == "" {
		t.Errorf("%s: %v", what, out.Err)
		return nil
	}
	noErr(t, write(slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return r == e.MissingRef })))
	return []string{e.MissingRef}
}

func TestTrial8ARefusalThatIsAboutNoRoleStaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, platform := range []service.Platform{service.CF, service.NEO} {
		s := open(t, setup{platform: platform, sso: service.SSOUserID, faults: `[{"match":{"method":"POST","path":"Users$"},"action":"status","status":400}]`})
		u := newcomer("BERT")
		s.calls()
		outs := s.CreateUsers(t.Context(), []*identity.User{u})
		if e := asError(t, outs[0].Err); e.Class != upstream.Refused || e.MissingRef != "" {
			t.Errorf("%s: %v", platform, e)
		}
		if _, made := s.state().Users["BERT"]; made {
			t.Errorf("%s: somebody is created", platform)
		}
	}
}

func TestTrial8ARoleThatTheWordsNameNeedsNoTrial(t *testing.T) {
	t.Parallel()
	const bad = "PROFILE:t.A:None"
	for _, words := range []string{"unbekannte Rolle $1", `{$1} is nothing`, "the role 'None' does not exist"} {
		s := open(t, setup{platform: service.NEO, seed: `{"users":[{"id":"SYSOWNER","systemOwner":true}],"roles":["PROFILE:t.A:Non"]}`})
		inOtherWords(t, s, words, false)
		u := newcomer("BERT")
		u.Roles = []string{"PROFILE:t.A:Non", bad}
		s.calls()
		e := asError(t, s.CreateUsers(t.Context(), []*identity.User{u})[0].Err)
		if posts := s.calls()[postV1]; e.MissingRef != bad || posts != 1 {
			t.Errorf("%q: names %q after %d requests", words, e.MissingRef, posts)
		}
	}
}
