package scim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sacbridge/internal/scim"
)

func TestSorting(t *testing.T) {
	t.Parallel()
	people := map[string]*scim.Resource{
		"a": user(t, `"title":"beta","externalId":"b","active":true,"emails":[{"value":"x"},{"value":"a","primary":true}],"@S":{"cleanUpNotificationsNumberOfDays":9}`),
		"b": user(t, `"title":"Alpha","externalId":"B","active":false,"emails":[{"value":"M"}],"@S":{"cleanUpNotificationsNumberOfDays":10}`),
		"c": user(t, ``),
	}
	people["a"].SetCommon("a", scim.Meta{Modified: at("2026-01-01T01:00:00+02:00")})
	people["b"].SetCommon("b", scim.Meta{Modified: at("2026-01-01T00:00:00Z")})
	tests := map[string]struct{ by, order, want string }{
		"without case, missing last":              {"title", "", "b a c"},
		"descending, missing first":               {"TITLE", "Descending", "c a b"},
		"with case":                               {"externalId", "ascending", "b a c"},
		"booleans, false first":                   {"active", "", "b a c"},
		"the primary value, else the first":       {"emails", "", "a b c"},
		"by the part":                             {"emails.value", "descending", "c b a"},
		"numbers by value":                        {"@S:cleanUpNotificationsNumberOfDays", "", "a b c"},
		"instants":                                {"meta.lastModified", "", "a b c"},
		"all equal stays as it was":               {"userName", "descending", "a b c"},
		"an extension's attribute that is absent": {"@E:department", "", "a b c"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := scim.ParseSort(scim.User(), expand(tc.by), tc.order)
			if err != nil {
				t.Fatal(err)
			}
			ids := []string{"a", "b", "c"}
			slices.SortStableFunc(ids, func(x, y string) int { return s.Compare(s.Key(people[x]), s.Key(people[y])) })
			if got := strings.Join(ids, " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestParseSortRefuses(t *testing.T) {
	t.Parallel()
	if s, err := scim.ParseSort(scim.User(), "", "ascending"); s != nil || err != nil {
		t.Errorf("without sortBy: got %v, %v, want no order", s, err)
	}
	for by, order := range map[string]string{"shoe": "", "name": "", "password": ""} {
		_, err := scim.ParseSort(scim.User(), by, order)
		wantError(t, err, scim.InvalidPath, by)
	}
	_, err := scim.ParseSort(scim.User(), "title", "up")
	wantError(t, err, scim.InvalidValue, "ascending or descending")
}

// times is a view that holds an instant rather than its text.
type times struct{ at time.Time }

func (v times) Attribute(*scim.Ref) any {
	return map[string]any{"lastModified": v.at}
}

func TestAViewMayHoldInstants(t *testing.T) {
	t.Parallel()
	early, late := times{at("2026-01-01T00:00:00Z")}, times{at("2026-01-01T00:00:00.001Z")}
	s, err := scim.ParseSort(scim.User(), "meta.lastModified", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Compare(s.Key(early), s.Key(late)); got != -1 {
		t.Errorf("got %d, want the earlier first", got)
	}
	for filter, want := range map[string]bool{
		`meta.lastModified gt "2026-01-01T00:00:00Z"`: true, `meta.lastModified eq "2026-01-01T01:00:00.001+01:00"`: true,
		`meta.lastModified sw "2026-01-01T00:00:00.001"`: true, `meta.lastModified lt "2026-01-01T00:00:00Z"`: false,
	} {
		f, err := scim.ParseFilter(scim.User(), filter, scim.Tolerance{})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(late); got != want {
			t.Errorf("%s: got %t, want %t", filter, got, want)
		}
	}
}

func TestEntityTags(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		header, version string
		want            bool
	}{
		"the same weak tag":            {`W/"7"`, `W/"7"`, true},
		"weak and strong are the same": {`"7"`, `W/"7"`, true},
		"a stale tag":                  {`W/"6"`, `W/"7"`, false},
		"one of several":               {`W/"6", "7" , W/"8"`, `W/"7"`, true},
		"the star (SAP IPS)":           {`*`, `W/"7"`, true},
		"the star and nothing there":   {`*`, ``, false},
		"no header":                    {``, `W/"7"`, false},
		"a comma inside the quotes":    {`"a,7"`, `"7"`, false},
		"a tag with a comma":           {`"x", "a,7"`, `W/"a,7"`, true},
		"no quotes":                    {`7`, `W/"7"`, true},
		"an empty element":             {`, ,"7"`, `W/"7"`, true},
		"an empty tag is a tag":        {`""`, `""`, true},
		"nothing but commas":           {`,,`, `""`, false},
		"letters keep their case":      {`"a"`, `"A"`, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := scim.MatchETag(tc.header, tc.version); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}
