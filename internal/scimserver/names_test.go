package scimserver

import (
	"net/url"
	"testing"
)

// Trial 12: who is who does not depend on blanks at the ends, and not on how marks are encoded.
func TestNamesThatLookAlikeAreOneName(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		for name, pair := range map[string][2]string{
			"a blank behind": {"ann", "ann "}, "a blank in front": {"bob", " bob"}, "a tab": {"cleo", "cleo\t"}, "a line end": {"dan", "\ndan\r\n"},
			"a no-break space": {"eve", "eve\u00a0"}, "an ideographic space": {"fay", "\u3000fay"}, "a zero-width space": {"gus", "gus\u200b"},
			"a byte order mark": {"hal", "\ufeffhal"}, "composed and decomposed": {"J\u00e9r\u00f4me", "Je\u0301ro\u0302me"},
			"composed and decomposed with blanks and in capitals": {"Zo\u00eb", " ZOE\u0308 "},
		} {
			b.user(pair[0])
			b.do("POST", "/Users", toJSON(t, map[string]any{"schemas": []string{coreUser}, "userName": pair[1]})).wantError(409, "uniqueness")
			b.group(pair[0])
			b.do("POST", "/Groups", toJSON(t, map[string]any{"schemas": []string{coreGroup}, "displayName": pair[1]})).wantError(409, "uniqueness")
			other := b.user("other " + pair[0])
			b.patch("/Users/"+other, `{"op":"replace","path":"userName","value":`+toJSON(t, pair[1])+`}`).wantError(409, "uniqueness")
			b.do("PUT", "/Users/"+other, toJSON(t, map[string]any{"schemas": []string{coreUser}, "userName": pair[1]})).wantError(409, "uniqueness")
			for _, asked := range pair {
				for path, attr := range map[string]string{"/Users": "userName", "/Groups": "displayName"} {
					a := b.do("GET", path+"?filter="+url.QueryEscape(attr+" eq "+toJSON(t, asked)), "")
					if got := len(a.ids()); got != 1 {
						t.Errorf("%s, %s: %s eq %q finds %d, want 1", profile, name, attr, asked, got)
					}
				}
			}
		}
	}
}

// Trial 12: the filter, its negation, its order and the index agree on what a name is.
func TestFiltersOfNamesIgnoreBlanksAtTheEnds(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("  Kim Lee ")
	b.user("zoe")
	for filter, want := range map[string]int{
		`userName eq "kim lee"`: 1, `userName eq "kim lee" and active ne false`: 1, `userName ne "kim lee"`: 1, `userName sw "kim"`: 1,
		`userName sw " kim"`: 1, `userName sw "kim "`: 1, `userName ew "lee"`: 1, `userName ew "lee "`: 1, `userName co "m l"`: 1,
		`userName lt "l"`: 1, `userName ge "kim lee"`: 2, `not (userName eq "kim lee ")`: 1, `userName eq "kimlee"`: 0,
	} {
		if got := len(b.do("GET", "/Users?filter="+url.QueryEscape(filter), "").ids()); got != want {
			t.Errorf("%s finds %d, want %d", filter, got, want)
		}
	}
	if got := b.do("GET", "/Users/"+id, "").at("userName"); got != "  Kim Lee " {
		t.Errorf("userName is shown as %q, want it as sent", got)
	}
}

// Trial 12.
func TestBlankNamesAreRefused(t *testing.T) {
	t.Parallel()
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		user, group := "/Users/"+b.user("kim"), "/Groups/"+b.group("Sales")
		for _, blank := range []string{"", " ", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff", " \n "} {
			text := toJSON(t, blank)
			for _, c := range []struct{ method, path, body string }{
				{"POST", "/Users", `{"schemas":["` + coreUser + `"],"userName":` + text + `}`},
				{"POST", "/Users", `{"schemas":["` + coreUser + `"],"userName":"lee","displayName":` + text + `}`},
				{"POST", "/Groups", `{"schemas":["` + coreGroup + `"],"displayName":` + text + `}`},
				{"PUT", user, `{"schemas":["` + coreUser + `"],"userName":` + text + `}`},
				{"PUT", group, `{"schemas":["` + coreGroup + `"],"displayName":` + text + `}`},
				{"PATCH", user, patchBody(`{"op":"replace","path":"userName","value":` + text + `}`)},
				{"PATCH", user, patchBody(`{"op":"replace","value":{"displayName":` + text + `}}`)},
				{"PATCH", group, patchBody(`{"op":"add","path":"displayName","value":` + text + `}`)},
			} {
				if a := b.do(c.method, c.path, c.body); a.status != 400 || str(a.at("scimType")) != "invalidValue" {
					t.Errorf("%s: %s %s %s: %d %s", profile, c.method, c.path, c.body, a.status, a.body)
				}
			}
		}
	}
}
