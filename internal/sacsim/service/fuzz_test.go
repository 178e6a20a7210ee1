package service

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// FuzzFilter: a filter that parses has a rendering that parses to the same rendering again, and
// compiling and running it never fails.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`email eq "a@b.c"`, `Not email Ew "@dom"`, `username Ew "_1" or username Ew "_2"`, `userName eq "A" and (active eq true or externalId pr)`,
		`urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters:idpUserId eq "B"`, `members[value eq "x" or value eq "y"]`,
		`roles.value co "\u0041\"" and not (x gt -1.5e3)`, `a eq null`, `(((a pr)))`, ``, `"`, `a eq "`, `a[b pr`,
	} {
		f.Add(seed)
	}
	st := newState(Config{}, 1)
	st.addUser(&user{id: "A", email: "a@b.c", active: true, created: time.Unix(0, 0), roles: []string{"PROFILE:t.A:X"}})
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseFilter(text)
		if err != nil {
			return
		}
		if strings.Count(text, "(")+strings.Count(text, "[") < maxDepth/4 && !strings.Contains(strings.ToLower(text), "not") {
			first := n.render()
			again, err := parseFilter(first)
			if err != nil {
				t.Fatalf("%q renders as %q: %v", text, first, err)
			}
			if second := again.render(); first != second {
				t.Fatalf("%q renders as %q, then as %q", text, first, second)
			}
		}
		if q, err := compile(n, st.userAttrV2); err == nil {
			q.run(st.users, (*user).order)
		}
	})
}

// FuzzPatchPath: a path that parses has an attribute, and its filter can be run.
func FuzzPatchPath(f *testing.F) {
	for _, seed := range []string{
		"active", "name.givenName", urnParamsV2 + ":idpUserId", urnParamsV2 + ".isConcurrent", urnEnterprise + ":manager.value",
		`members[value eq "a" or value eq "b"]`, `emails[type eq "work"].value`, "members", "", "[", "a]", "a[b pr].", `a[value eq "]"]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePatchPath(text)
		if err != nil {
			return
		}
		if p.filter == nil {
			if p.sub != "" {
				t.Fatalf("%q: %q stands behind no filter", text, p.sub)
			}
			return
		}
		q, err := compile(p.filter, elementAttr)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		q.match(element{value: "a"})
	})
}

// FuzzSeed: a seed that parses makes the same tenant twice, or fails with an error.
func FuzzSeed(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"users":[{"id":"A","manager":"A","roles":["PROFILE:t.A:R"]}],"teams":[{"id":"T","members":["A"],"folder":true}]}`,
		`{"usersRange":[{"prefix":"U","from":1,"to":9,"pad":3,"user":{"active":false}}],"teams":[{"id":"T","membersRange":{"prefix":"U","from":1,"to":9,"pad":3}}]}`,
		`{"settings":{"maxLicenses":3,"bulkItemStatus":"response.status"},"folders":["F"],"defaultRoles":["PROFILE:a:b"]}`,
		`{"users":[{"id":"A","params":{"isConcurrent":true}},{"id":"A"}]}`, `{"users":[{"id":"A","shoe":1}]}`, `[`, `null`, `{} {}`,
	} {
		f.Add(seed)
	}
	long := regexp.MustCompile(`[0-9eE.+-]{4}`)
	f.Fuzz(func(t *testing.T, text string) {
		if long.MatchString(text) {
			return // a range of a million users takes its time
		}
		seed, err := ParseSeed(strings.NewReader(text))
		if err != nil {
			return
		}
		var states [2]string
		for i := range states {
			s, err := New(Config{Now: func() time.Time { return time.Unix(0, 0) }}, seed)
			if err != nil {
				return
			}
			var b strings.Builder
			if err := s.WriteState(&b); err != nil {
				t.Fatal(err)
			}
			states[i] = b.String() + fmt.Sprint(s.state.made)
		}
		if states[0] != states[1] {
			t.Fatalf("two tenants of one seed differ:\n%s\n%s", states[0], states[1])
		}
	})
}
