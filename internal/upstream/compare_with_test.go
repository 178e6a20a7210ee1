package upstream_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// sheet is a person, or what an update asks for, as a plain list of texts by attribute.
type sheet map[string]string

// person makes a person of a sheet.
func (s sheet) person() *identity.User {
	return &identity.User{
		UserID: "ANNA", Email: s["email"], LoginID: s["loginId"], GivenName: s["givenName"], FamilyName: s["familyName"],
		DisplayName: s["displayName"], Language: s["language"], Manager: s["manager"],
		Active: s["active"] == "b", Concurrent: s["concurrent"] == "b", Photos: split(s["photos"]),
		Settings: identity.Settings{
			DataLanguage: s["dataLanguage"], DateFormat: s["dateFormat"], TimeFormat: s["timeFormat"],
			NumberFormat: s["numberFormat"], CleanUpDays: len(s["cleanUpDays"]), NotifyByEmail: s["notifyByEmail"] == "b",
		},
		Roles: split(s["roles"]),
	}
}

func split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

var attributes = []string{
	"email", "loginId", "givenName", "familyName", "displayName", "language", "manager", "active", "concurrent",
	"notifyByEmail", "dataLanguage", "dateFormat", "timeFormat", "numberFormat", "cleanUpDays", "photos",
}

// update makes an update of two sheets, for the attributes that both hold.
func update(before, after sheet) upstream.UserUpdate {
	text := func(name string) *upstream.Edit[string] {
		if _, ok := after[name]; !ok {
			return nil
		}
		return &upstream.Edit[string]{Before: before[name], After: after[name]}
	}
	truth := func(name string) *upstream.Edit[bool] {
		if e := text(name); e != nil {
			return &upstream.Edit[bool]{Before: e.Before == "b", After: e.After == "b"}
		}
		return nil
	}
	u := upstream.UserUpdate{
		UserKey: upstream.UserKey{UserID: "ANNA"},
		Email:   text("email"), LoginID: text("loginId"), GivenName: text("givenName"), FamilyName: text("familyName"),
		DisplayName: text("displayName"), Language: text("language"), Manager: text("manager"),
		Active: truth("active"), Concurrent: truth("concurrent"), NotifyByEmail: truth("notifyByEmail"),
		DataLanguage: text("dataLanguage"), DateFormat: text("dateFormat"), TimeFormat: text("timeFormat"), NumberFormat: text("numberFormat"),
	}
	if e := text("cleanUpDays"); e != nil {
		u.CleanUpDays = &upstream.Edit[int]{Before: len(e.Before), After: len(e.After)}
	}
	if e := text("photos"); e != nil {
		u.Photos = &upstream.Edit[[]string]{Before: split(e.Before), After: split(e.After)}
	}
	return u
}

// meaning is a value as the tenant compares it.
func meaning(name, value string) string {
	switch name {
	case "email", "loginId":
		return strings.ToLower(value)
	case "photos":
		list := split(value)
		slices.Sort(list)
		return strings.Join(list, ",")
	case "active", "concurrent", "notifyByEmail":
		return fmt.Sprint(value == "b")
	case "cleanUpDays":
		return fmt.Sprint(len(value))
	}
	return value
}

func drawSheet(t *rapid.T, label string, names []string) sheet {
	s := sheet{}
	values := rapid.SampledFrom([]string{"", "a", "A", "b", "a,b", "b,a"})
	for _, name := range names {
		s[name] = values.Draw(t, label+" "+name)
	}
	return s
}

func TestWhatIsLeftOfAnUpdateEqualsTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(attributes), 0, 4, rapid.ID[string]).Draw(t, "attributes")
		before, now := drawSheet(t, "before", some), drawSheet(t, "now", attributes)
		after := drawSheet(t, "after", some)
		wantChanged, wantLeft := map[string]bool{}, sheet{}
		for _, name := range some {
			switch meaning(name, now[name]) {
			case meaning(name, after[name]):
			case meaning(name, before[name]):
				wantLeft[name] = after[name]
			default:
				wantChanged[name] = true
			}
		}
		rest, kept, err := update(before, after).CompareWith(now.person())
		if (err != nil) != (len(wantChanged) > 0) {
			t.Fatalf("err %v, want contradictions in %v", err, wantChanged)
		}
		if err != nil {
			for name := range wantChanged {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%v does not name %s", err, name)
				}
			}
			if upstream.ClassOf(err) != upstream.Changed {
				t.Errorf("class %q", upstream.ClassOf(err))
			}
			return
		}
		if diff := cmp.Diff(rest, update(before, wantLeft)); diff != "" || len(kept) > 0 {
			t.Errorf("kept %q, rest (-got +want):\n%s", kept, diff)
		}
		if rest.Empty() != (len(wantLeft) == 0) {
			t.Errorf("Empty() = %v", rest.Empty())
		}
	})
}

// links is one drawn change of a set of links, and what the naive oracle makes of it.
type links struct {
	before, now, add, remove []string
	exact                    bool
}

func drawLinks(t *rapid.T) links {
	all := []string{"A", "B", "C", "D", "E"}
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, len(all), rapid.ID[string])
	l := links{before: some.Draw(t, "before"), now: some.Draw(t, "now"), exact: rapid.Bool().Draw(t, "exact")}
	wanted := some.Draw(t, "wanted")
	for _, key := range all {
		had, has := slices.Contains(l.before, key), slices.Contains(wanted, key)
		if !had && has {
			l.add = append(l.add, key)
		}
		if had && !has {
			l.remove = append(l.remove, key)
		}
	}
	return l
}

// others are the links that somebody else changed.
func (l *links) others() (out []string) {
	for _, key := range []string{"A", "B", "C", "D", "E"} {
		ours := slices.Contains(l.add, key) || slices.Contains(l.remove, key)
		if !ours && slices.Contains(l.before, key) != slices.Contains(l.now, key) {
			out = append(out, key)
		}
	}
	return out
}

// end is what the links must be in the end.
func (l *links) end() (out []string) {
	for _, key := range []string{"A", "B", "C", "D", "E"} {
		if slices.Contains(l.add, key) || slices.Contains(l.now, key) && !slices.Contains(l.remove, key) {
			out = append(out, key)
		}
	}
	return out
}

// check compares a result with the oracle.
func (l *links) check(t *rapid.T, add, remove, kept []string, err error) {
	t.Helper()
	others := l.others()
	if wrong := l.exact && l.changes() && len(others) > 0; (err != nil) != wrong {
		t.Fatalf("err %v, others changed %v, exact %v", err, others, l.exact)
	}
	if err != nil {
		return
	}
	got := identity.Apply(identity.Add, identity.Apply(identity.Remove, l.now, remove, nil), add, nil)
	if diff := cmp.Diff(got, l.end(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("end (-got +want):\n%s", diff)
	}
	for _, key := range slices.Concat(add, remove) {
		if slices.Contains(l.now, key) == slices.Contains(add, key) {
			t.Errorf("%s is written though it is as wanted", key)
		}
	}
	if l.changes() && len(kept) != len(others) {
		t.Errorf("told %q, others changed %q", kept, others)
	}
}

func (l *links) changes() bool { return len(l.add)+len(l.remove) > 0 }

func TestWhatIsLeftOfARoleChangeEqualsTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := drawLinks(t)
		u := upstream.UserUpdate{AddRoles: l.add, RemoveRoles: l.remove, RolesBefore: l.before, DecidesAllRoles: l.exact}
		rest, kept, err := u.CompareWith(&identity.User{Roles: l.now})
		l.check(t, rest.AddRoles, rest.RemoveRoles, kept, err)
	})
}

func TestWhatIsLeftOfATeamUpdateEqualsTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		roles := drawLinks(t)
		u := upstream.GroupUpdate{AddRoles: roles.add, RemoveRoles: roles.remove, RolesBefore: roles.before, DecidesAllRoles: roles.exact}
		rest, kept, err := u.CompareWith(&identity.Group{Roles: roles.now})
		roles.check(t, rest.AddRoles, rest.RemoveRoles, kept, err)

		members := drawLinks(t)
		u = upstream.GroupUpdate{AddMembers: members.add, RemoveMembers: members.remove, MembersBefore: members.before, DecidesAllMembers: members.exact}
		now := &identity.Group{Members: append([]string{}, members.now...)}
		rest, _, err = u.CompareWith(now)
		if wrong := members.exact && len(members.others()) > 0; (err != nil) != wrong {
			t.Fatalf("err %v, others changed %v", err, members.others())
		}
		if err == nil && len(rest.Missing(now)) != len(rest.AddMembers)+len(rest.RemoveMembers) {
			t.Errorf("before the write all of it is missing: %v", rest.Missing(now))
		}
	})
}

func TestWhoWasCreatedAnewIsAnotherOne(t *testing.T) {
	t.Parallel()
	then := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		plan, now time.Time
		another   bool
	}{
		"the same time":                           {then, then, false},
		"the same second, told more exactly":      {then, then.Add(300 * time.Millisecond), false},
		"the same time in another zone":           {then, then.In(time.FixedZone("", 3600)), false},
		"a later time":                            {then, then.Add(time.Second), true},
		"an earlier time: restored, so another":   {then, then.Add(-time.Hour), true},
		"the plan does not know, as earlier ones": {time.Time{}, then, false},
		"the tenant does not tell":                {then, time.Time{}, false},
	} {
		u := upstream.UserUpdate{UserKey: upstream.UserKey{UserID: "ANNA", Created: c.plan}, AddRoles: []string{"R1"}}
		_, _, userErr := u.CompareWith(&identity.User{UserID: "ANNA", Created: c.now, Roles: []string{"R1"}})
		g := upstream.GroupUpdate{GroupKey: upstream.GroupKey{Name: "T", Created: c.plan}, AddRoles: []string{"R1"}}
		_, _, teamErr := g.CompareWith(&identity.Group{Name: "T", Created: c.now, Roles: []string{"R1"}})
		for _, err := range []error{userErr, teamErr} {
			if (upstream.ClassOf(err) == upstream.Changed) != c.another || c.another != (err != nil) {
				t.Errorf("%s: got %v, want a contradiction: %v", name, err, c.another)
			}
			if err != nil && !strings.Contains(err.Error(), "created anew") {
				t.Errorf("%s: got %v, which does not say why", name, err)
			}
		}
	}
}

func TestWhatIsMissingAfterAWrite(t *testing.T) {
	t.Parallel()
	u := upstream.UserUpdate{
		Email: &upstream.Edit[string]{Before: "a@x", After: "b@x"}, Manager: &upstream.Edit[string]{After: "BOSS"},
		Active: &upstream.Edit[bool]{Before: true}, AddRoles: []string{"R1", "R2"}, RemoveRoles: []string{"R3"},
	}
	var got []string
	for _, part := range u.Missing(&identity.User{Email: "A@x", Active: true, Roles: []string{"R1", "R3"}}) {
		got = append(got, fmt.Sprintf("%s %s %s", part.Kind, part.Key, part.Code))
	}
	want := []string{"attribute email ignored", "manager BOSS dropped", "attribute active ignored", "role R2 dropped", "role R3 dropped"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if got := u.Missing(&identity.User{Email: "B@x", Manager: "BOSS", Roles: []string{"R2", "R1", "R9"}}); len(got) > 0 {
		t.Errorf("all is there, but missing is %v", got)
	}
}

func TestACreatedPersonIsJudgedByWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	want := &identity.User{UserID: "ANNA", Email: "a@x", LoginID: "l", GivenName: "A", Active: true, Roles: []string{"R1"}, Photos: []string{"p"}}
	got := *want
	got.Email, got.Language, got.Concurrent, got.Roles = "A@x", "en", true, []string{"R0", "R1"}
	for _, sso := range []string{"default", "custom"} {
		got.LoginID = map[string]string{"default": "ANNA", "custom": "L"}[sso]
		if lacks := upstream.NotAsWanted(want, &got, identity.Tenant{SSO: sso}); len(lacks) > 0 {
			t.Errorf("%s: %v, want nothing: default roles, licence and language are the tenant's", sso, lacks)
		}
	}
	got.Roles, got.GivenName, got.Active = []string{"R0"}, "B", false
	if lacks := upstream.NotAsWanted(want, &got, identity.Tenant{SSO: "email"}); len(lacks) != 3 {
		t.Errorf("%v, want the role, the name and active", lacks)
	}
}
