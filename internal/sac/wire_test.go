package sac

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

func bare(sso string) *Tenant {
	return &Tenant{cfg: Config{Platform: identity.PlatformCF, SSO: sso, API: "auto"}, ids: newIDCache(), chunks: newChunkSizer(), bulk: newBulkState(false)}
}

func TestDecodePersonIsTolerant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    version
		json string
		want identity.User
	}{
		{"v1 roles with the empty sentinel", v1, `{"id":"A","userName":"a","roles":[""],"groups":[],"photos":[{"value":"","type":"photo"}]}`, identity.User{UserID: "A", LoginID: "a", Active: true}},
		{"null everywhere", v1, `{"id":"A","userName":null,"roles":null,"groups":null,"photos":null,"name":null,"emails":null,"active":null,"meta":null}`, identity.User{UserID: "A", Active: true}},
		{"nearly nothing", v2, `{"userName":"A"}`, identity.User{UserID: "A", Active: true}},
		{"roles as objects, unsorted and doubled", v2, `{"userName":"A","id":"u","roles":[{"value":"b"},{"value":"a","primary":true},{"value":"b"}]}`, identity.User{UserID: "A", Ref: "u", Active: true, Roles: []string{"a", "b"}}},
		{"roles as one string", v1, `{"id":"A","roles":"r"}`, identity.User{UserID: "A", Active: true, Roles: []string{"r"}}},
		{"booleans as text", v1, `{"id":"A","active":"false"}`, identity.User{UserID: "A"}},
		{"team names are displays in v2", v2, `{"userName":"A","groups":[{"value":"uuid","display":"T"}]}`, identity.User{UserID: "A", Active: true, Teams: []string{"T"}}},
		{"team names are values in v1", v1, `{"id":"A","groups":[{"value":"T","display":"Team"}]}`, identity.User{UserID: "A", Active: true, Teams: []string{"T"}}},
		{"objects where text belongs", v1, `{"id":"A","displayName":{"x":1},"name":"Anna","emails":"a@b.c"}`, identity.User{UserID: "A", Active: true, Email: "a@b.c"}},
		{"a created time with fractions", v1, `{"id":"A","meta":{"created":"2024-01-01T08:00:00.123Z"}}`, identity.User{UserID: "A", Active: true, Created: time.Date(2024, 1, 1, 8, 0, 0, 123e6, time.UTC)}},
		{"numbers as text", v1, `{"id":"A","urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0":{"cleanUpNotificationsNumberOfDays":"7","isConcurrent":"true"}}`, identity.User{UserID: "A", Active: true, Concurrent: true, Settings: identity.Settings{CleanUpDays: 7}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := bare(identity.SSOCustom).decodePerson(json.NewDecoder(strings.NewReader(tt.json)), tt.v)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*p.user, tt.want); diff != "" {
				t.Errorf("user (-got +want):\n%s", diff)
			}
		})
	}
}

func TestDecodeTeamIsTolerant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    version
		json string
		want identity.Group
	}{
		{"roles null in a list", v1, `{"id":"T","displayName":"Team","roles":null,"members":[]}`, identity.Group{Name: "T", Description: "Team", Members: []string{}}},
		{"members absent", v2, `{"id":"u","displayName":"T"}`, identity.Group{Name: "T", Ref: "u", Members: []string{}}},
		{"members null", v1, `{"id":"T","members":null}`, identity.Group{Name: "T", Members: []string{}}},
		{"members as text", v1, `{"id":"T","members":["A",{"value":"B","type":"User"}]}`, identity.Group{Name: "T", Members: []string{"A", "B"}, Size: 2}},
		{"roles in the extension as a list", v2, `{"displayName":"T","` + urnRolesV2 + `":["r1"],"roles":[{"value":"r2"}]}`, identity.Group{Name: "T", Roles: []string{"r1", "r2"}, Members: []string{}}},
		{"roles in the extension as an object", v2, `{"displayName":"T","` + urnRolesV2 + `":{"roles":[{"value":"r1"}]}}`, identity.Group{Name: "T", Roles: []string{"r1"}, Members: []string{}}},
		{"a description", v2, `{"displayName":"T","` + urnTeamV2 + `":{"description":"D"},"unknown":{"a":[1,{"b":2}]}}`, identity.Group{Name: "T", Description: "D", Members: []string{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tm, err := bare(identity.SSOCustom).decodeTeam(json.NewDecoder(strings.NewReader(tt.json)), tt.v, true)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*tm.group, tt.want); diff != "" {
				t.Errorf("team (-got +want):\n%s", diff)
			}
			plain, err := bare(identity.SSOCustom).decodeTeam(json.NewDecoder(strings.NewReader(tt.json)), tt.v, false)
			if err != nil || plain.group.Members != nil || plain.group.Size != tt.want.Size {
				t.Errorf("without members: %+v, %v", plain, err)
			}
		})
	}
}

func TestReadListTellsAListFromSomethingElse(t *testing.T) {
	t.Parallel()
	skipRow := func(dec *json.Decoder) error { return skip(dec) }
	for body, want := range map[string]list{
		`{"totalResults":0,"itemsPerPage":200}`:                      {PerPage: 200},
		`{"Resources":[{},{}],"totalResults":"7","schemas":["x"]}`:   {Total: 7, Rows: 2},
		`{"totalResults":1,"Resources":null,"extra":{"deep":[[1]]}}`: {Total: 1},
	} {
		got, err := readList(json.NewDecoder(strings.NewReader(body)), skipRow)
		if diff := cmp.Diff(got, want); diff != "" || err != nil {
			t.Errorf("%s: %v (-got +want):\n%s", body, err, diff)
		}
	}
	for _, body := range []string{``, `[]`, `{}`, `{"status":"400","detail":"no"}`, `{"totalResults":1,"Resources":[{}`, `{"totalResults":1,"Resources":{}}`} {
		if _, err := readList(json.NewDecoder(strings.NewReader(body)), skipRow); err == nil {
			t.Errorf("%s was taken for a list", body)
		}
	}
}

func FuzzDecodePerson(f *testing.F) {
	f.Add(`{"id":"A","userName":"a","roles":[""],"emails":[{"value":"a@b.c"}]}`)
	f.Add(`{"userName":"A","roles":[{"value":"r"}],"groups":[{"display":"T"}],"active":false}`)
	f.Add(`{"roles":{"value":"r"},"emails":"x","name":7,"meta":[]}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, v := range []version{v1, v2} {
			p, err := bare(identity.SSOEmail).decodePerson(json.NewDecoder(strings.NewReader(body)), v)
			if err != nil {
				continue
			}
			if !slices.IsSorted(p.user.Roles) || slices.Contains(p.user.Roles, "") || slices.Contains(p.user.Photos, "") || !slices.IsSorted(p.user.Teams) {
				t.Errorf("%s: roles %q, photos %q, teams %q", body, p.user.Roles, p.user.Photos, p.user.Teams)
			}
		}
	})
}

func FuzzDecodeTeam(f *testing.F) {
	f.Add(`{"id":"T","displayName":"D","members":[{"value":"A"},"B",null],"roles":null}`)
	f.Add(`{"displayName":"T","members":null,"roles":[{"value":"r"}],"` + urnRolesV2 + `":{"a":["r"]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		tenant := bare(identity.SSOEmail)
		full, err := tenant.decodeTeam(json.NewDecoder(strings.NewReader(body)), v1, true)
		plain, plainErr := tenant.decodeTeam(json.NewDecoder(strings.NewReader(body)), v1, false)
		if err == nil && plainErr == nil && full.group.Size != plain.group.Size {
			t.Errorf("%s: size %d with members, %d without", body, full.group.Size, plain.group.Size)
		}
		if err == nil && len(full.group.Members) > full.group.Size {
			t.Errorf("%s: %d members of %d", body, len(full.group.Members), full.group.Size)
		}
		raw, rawErr := decodeRawTeam(json.NewDecoder(strings.NewReader(body)))
		if rawErr == nil {
			if _, err := json.Marshal(raw.body()); err != nil {
				t.Errorf("%s cannot be written back: %v", body, err)
			}
		}
	})
}

func FuzzReadList(f *testing.F) {
	f.Add(`{"totalResults":1,"itemsPerPage":200,"Resources":[{"id":"A"}]}`)
	f.Add(`{"totalResults":"x","Resources":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		n := 0
		l, err := readList(json.NewDecoder(strings.NewReader(body)), func(dec *json.Decoder) error { n++; return skip(dec) })
		if err == nil && l.Rows != n {
			t.Errorf("%s: %d rows counted, %d seen", body, l.Rows, n)
		}
	})
}

func TestQuoteIsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var back string
		if err := json.Unmarshal([]byte(quote(s)), &back); err != nil || back != strings.ToValidUTF8(s, "\uFFFD") {
			t.Errorf("%q → %s → %q, %v", s, quote(s), back, err)
		}
	})
}

func TestSetChangeEqualsSetAlgebra(t *testing.T) {
	t.Parallel()
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		have, remove, add := words.Draw(t, "have"), words.Draw(t, "remove"), words.Draw(t, "add")
		want := map[string]bool{}
		for _, s := range have {
			want[s] = true
		}
		for _, s := range remove {
			delete(want, s)
		}
		for _, s := range add {
			want[s] = true
		}
		got := setChange(have, remove, add)
		if diff := cmp.Diff(slices.Sorted(slices.Values(got)), slices.Sorted(maps.Keys(want))); diff != "" {
			t.Errorf("%v − %v + %v = %v", have, remove, add, got)
		}
	})
}

// TestNamesAreEachAskedOnce holds the look-up's idskeeping to a naive oracle.
func TestNamesAreEachAskedOnce(t *testing.T) {
	t.Parallel()
	words := rapid.SliceOf(rapid.SampledFrom([]string{"A", "a", "B", "b", "C", " c", ""}))
	rapid.Check(t, func(t *rapid.T) {
		list := words.Draw(t, "list")
		n := newPendingNames(list, identity.Fold)
		open := map[string]bool{}
		for _, s := range list {
			if k := identity.Fold(s); k != "" {
				open[k] = true
			}
		}
		for len(open) > 0 {
			if n.open != len(open) {
				t.Fatalf("open = %d, want %d", n.open, len(open))
			}
			if rapid.Bool().Draw(t, "settle") {
				s := rapid.SampledFrom([]string{"a", "B", "x"}).Draw(t, "who")
				n.answered(s)
				delete(open, identity.Fold(s))
				continue
			}
			for _, s := range n.nextBatch(2) {
				if !open[identity.Fold(s)] {
					t.Fatalf("%q was given twice", s)
				}
				delete(open, identity.Fold(s))
			}
		}
		if got := n.nextBatch(10); len(got) > 0 {
			t.Fatalf("took %q of nothing", got)
		}
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		in      upstream.Error
		boss    string
		class   upstream.Class
		missing string
		cause   string
	}{
		{"a role with spaces", upstream.Error{Class: upstream.Refused, Status: 400, Detail: "User/group operation not completed: Invalid role PROFILE:t.A:My Role."}, "", upstream.Refused, "PROFILE:t.A:My Role", "no role"},
		{"a taken e-mail", upstream.Error{Class: upstream.Refused, Status: 400, Detail: "Email address is already used for ANNA"}, "", upstream.Conflict, "", "ANNA"},
		{"a wrong mapping", upstream.Error{Class: upstream.Refused, Status: 400, Detail: "User/group operation not completed: Invalid SAML IdP Configuration"}, "", upstream.Refused, "", "SAML user attribute"},
		{"no licence", upstream.Error{Class: upstream.Refused, Status: 428, Cause: "x"}, "", upstream.Refused, "", "licence"},
		{"the text for everything", upstream.Error{Class: upstream.Refused, Status: 400, Detail: "Request is unparsable, syntactically incorrect, or violates schema."}, "", upstream.Refused, "", "letter case"},
		{"a manager", upstream.Error{Class: upstream.Refused, Status: 400, Detail: "Invalid manager M."}, "M", upstream.Refused, "M", "manager"},
		{"an unknown outcome stays one", upstream.Error{Class: upstream.Unknown, Status: 502, Cause: "look"}, "M", upstream.Unknown, "", "look"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := tt.in
			_ = explain(&e, tt.boss)
			if e.Class != tt.class || e.MissingRef != tt.missing || !strings.Contains(e.Cause, tt.cause) {
				t.Errorf("class %q, missing %q, cause %q", e.Class, e.MissingRef, e.Cause)
			}
		})
	}
}

func TestChunksStartFromTheFormulas(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{0: 4590, 1000: 4450, 10000: 3190, 32000: 110, 32766: 1, 40000: 1} {
		if got := newChunkSizer().adds(n); got != want {
			t.Errorf("adds(%d) = %d, want %d", n, got, want)
		}
	}
	for n, want := range map[int]int{0: 50, 1: 9587, 100: 96, 5000: 2, 32000: 1} {
		if got := newChunkSizer().roles(n); got != want {
			t.Errorf("roles(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestChunksFollowAnswerTimes(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]int{
		300 * time.Second: 2754, 240 * time.Second: 3672, 150 * time.Second: 4590, 90 * time.Second: 8033, 5 * time.Second: 9180,
	} {
		u := newChunkSizer()
		u.added(0, 4590, took)
		if got := u.adds(0); got != want {
			t.Errorf("after %s: %d, want %d", took, got, want)
		}
		short := newChunkSizer()
		short.added(0, 4589, took)
		if got := short.adds(0); got != 4590 {
			t.Errorf("a chunk that was not full changed the next one to %d", got)
		}
	}
	for took, want := range map[time.Duration]int{
		300 * time.Second: 94, 240 * time.Second: 95, 100 * time.Second: 96, 70 * time.Second: 97, 30 * time.Second: 98, time.Second: 99,
	} {
		u := newChunkSizer()
		u.rolesChanged(100, 96, took)
		if got := u.roles(100); got != want {
			t.Errorf("roles after %s: %d, want %d", took, got, want)
		}
	}
}

func TestChunksNeverLeaveTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := newChunkSizer()
		for range rapid.IntRange(1, 30).Draw(t, "writes") {
			n := rapid.IntRange(0, maxMembers-1).Draw(t, "n")
			took := time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds")) * time.Second
			u.added(n, u.adds(n), took)
			u.rolesChanged(n, u.roles(n), took)
			m := rapid.IntRange(0, maxMembers-1).Draw(t, "m")
			if got := u.adds(m); got < 1 || got > maxMembers-m {
				t.Fatalf("adds(%d) = %d", m, got)
			}
			if got := u.roles(m); got < 1 {
				t.Fatalf("roles(%d) = %d", m, got)
			}
		}
	})
}
