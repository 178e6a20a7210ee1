package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sacbridge/internal/sacsim"
)

// faultProfiles are the fault profiles: what a tenant, or what stands before it, does to a request, and how often.
func faultProfiles() map[string]sacsim.Fault {
	zero, one, none := 0, 1, -1
	return map[string]sacsim.Fault{
		"every 2nd 503":                       {Every: 2, Action: sacsim.ActStatus, RetryAfter: &none},
		"every 3rd 503":                       {Every: 3, Action: sacsim.ActStatus, RetryAfter: &none},
		"every 5th 503":                       {Every: 5, Action: sacsim.ActStatus, RetryAfter: &none},
		"every 2nd 503 with Retry-After":      {Every: 2, Action: sacsim.ActStatus, RetryAfter: &one},
		"every 3rd 503 with Retry-After":      {Every: 3, Action: sacsim.ActStatus, RetryAfter: &one},
		"every 5th 503 with Retry-After 0":    {Every: 5, Action: sacsim.ActStatus, RetryAfter: &zero},
		"503 always":                          {Action: sacsim.ActStatus, RetryAfter: &none},
		"every 4th 500":                       {Every: 4, Action: sacsim.ActStatus, Status: 500},
		"one 504":                             {Once: true, Action: sacsim.ActStatus, Status: 504},
		"every 3rd 429":                       {Every: 3, Action: sacsim.Act429, RetryAfter: &one},
		"2nd and 3rd 429":                     {Nth: []int{2, 3}, Action: sacsim.Act429, RetryAfter: &one},
		"one 429 without Retry-After":         {Once: true, Action: sacsim.Act429, RetryAfter: &none},
		"one hangup":                          {Once: true, Action: sacsim.ActHangup},
		"every 3rd hangs up":                  {Every: 3, Action: sacsim.ActHangup},
		"hangup always":                       {Action: sacsim.ActHangup},
		"one hangup after the write":          {Once: true, Action: sacsim.ActHangupAfterWrite},
		"every 2nd hangs up after the write":  {Every: 2, Action: sacsim.ActHangupAfterWrite},
		"hangup after each write":             {Action: sacsim.ActHangupAfterWrite},
		"one 502 after the write":             {Once: true, Action: sacsim.ActStatusAfterWrite},
		"every 2nd 502 after the write":       {Every: 2, Action: sacsim.ActStatusAfterWrite},
		"502 after each write":                {Action: sacsim.ActStatusAfterWrite},
		"the token is revoked once":           {Nth: []int{2}, Action: sacsim.ActRevokeToken},
		"the token is revoked every 4th time": {Every: 4, Action: sacsim.ActRevokeToken},
		"the token is revoked always":         {Action: sacsim.ActRevokeToken},
		"the CSRF token is revoked once":      {Nth: []int{2}, Action: sacsim.ActRevokeCSRF},
		"the CSRF token goes every 3rd time":  {Every: 3, Action: sacsim.ActRevokeCSRF},
		"the session expires once":            {Once: true, Action: sacsim.ActExpireSession},
		"the session expires every 3rd time":  {Every: 3, Action: sacsim.ActExpireSession},
		"one web page":                        {Once: true, Action: sacsim.ActHTML},
		"every 4th is a web page":             {Every: 4, Action: sacsim.ActHTML},
		"web pages always":                    {Action: sacsim.ActHTML},
		"every answer takes two seconds":      {Action: sacsim.ActDelay, MS: 2000},
		"one answer takes ten minutes":        {Nth: []int{3}, Action: sacsim.ActDelay, MS: 600_000},
		"one answer is cut":                   {Once: true, Action: sacsim.ActTruncate},
		"every 3rd answer is cut":             {Every: 3, Action: sacsim.ActTruncate},
		"every answer is cut":                 {Action: sacsim.ActTruncate},
	}
}

// routes gives what a quiet copy asks the target for, as rules that match one route each; "" matches all.
func (a *scenario) routes(t *testing.T) map[string]sacsim.Match {
	t.Helper()
	quiet := trial{scenario: a, workers: 4}.perform(t)
	if quiet.problem != "" || quiet.end != "quiet" {
		t.Fatalf("without faults: %s %s", quiet.end, quiet.problem)
	}
	list := map[string]sacsim.Match{"all routes": {}, "all writes": {Path: "/scim", Method: "P"}}
	delete(list, "all writes")
	for route := range quiet.stats.ByRoute {
		method, path, _ := strings.Cut(route, " ")
		list[route] = sacsim.Match{Method: method, Path: "^" + strings.ReplaceAll(regexp.QuoteMeta(path), `\{id\}`, "[^/]+") + "/?$"}
	}
	return list
}

// TestEveryFaultEndsAsAQuietRunOrInANamedFailure meets every profile on every route, and on all of them.
// With -short or -race it is a twelfth of the cases
// on single routes.
func TestEveryFaultEndsAsAQuietRunOrInANamedFailure(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cf", "neo", "cf/1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newScenario(t, name)
			routes, n := a.routes(t), 0
			ends := map[string]int{}
			for _, route := range slices.Sorted(maps.Keys(routes)) {
				for _, way := range slices.Sorted(maps.Keys(faultProfiles())) {
					n++
					if raceDetector && n%16 != 0 && (route != "all routes" || n%4 != 0) {
						continue
					}
					f := faultProfiles()[way]
					f.Match = routes[route]
					o := trial{scenario: a, workers: 1 + 3*(n%2), faults: []sacsim.Fault{f}}
					out := o.perform(t)
					ends[out.end]++
					if out.problem != "" {
						t.Errorf("%s on %s with %d workers: %s", way, route, o.workers, out.problem)
					}
				}
			}
			for _, end := range []string{"quiet", "in part"} {
				if ends[end] == 0 && !raceDetector {
					t.Errorf("no case ended %s: %v", end, ends)
				}
			}
		})
	}
}
