package scimserver

import (
	"net/url"
	"testing"
)

// Trial 18: a user that is created without active is active, and is found by it.
func TestTrial18AUserWithoutActiveIsActive(t *testing.T) {
	t.Parallel()
	body := func(name, more string) string {
		return `{"schemas":["` + coreUser + `"],"userName":"` + name + `"` + more + `}`
	}
	for _, profile := range Profiles() {
		b := open(t, with(profile))
		for name, c := range map[string]struct {
			more string
			want any
		}{
			"left-out": {"", true}, "null": {`,"active":null`, true}, "true": {`,"active":true`, true}, "false": {`,"active":false`, false},
		} {
			a := b.do("POST", "/Users", body(name, c.more)).want(201)
			if got := a.at("active"); got != c.want {
				t.Errorf("%s: POST with active %s answers with %v, want %v", profile, name, got, c.want)
			}
			id := a.id()
			if got := b.do("GET", "/Users/"+id, "").want(200).at("active"); got != c.want {
				t.Errorf("%s: active %s is stored as %v, want %v", profile, name, got, c.want)
			}
			// A provider that sends the same again changes nothing; active: false goes as every other value does that is left out.
			again := b.do("PUT", "/Users/"+id, body(name, "")).want(200)
			if got := again.at("active"); c.want == true && (got != true || again.at("meta", "version") != a.at("meta", "version")) || c.want == false && got != nil {
				t.Errorf("%s: active %s is %v after a PUT without it: %s", profile, name, got, again.body)
			}
			b.do("PUT", "/Users/"+id, body(name, c.more)).want(200)
		}
		bulk := b.do("POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[{"method":"POST","path":"/Users","bulkId":"1","data":`+body("bulk", "")+`}]}`).want(200)
		if bulk.at("Operations", 0, "status") != "201" {
			t.Fatalf("%s: %s", profile, bulk.body)
		}
		if got := len(b.do("GET", "/Users?filter="+url.QueryEscape("active eq true"), "").ids()); got != 4 {
			t.Errorf("%s: active eq true finds %d users, want 4", profile, got)
		}
		if got := b.do("POST", "/Groups", `{"schemas":["`+coreGroup+`"],"displayName":"G"}`).want(201).at("active"); got != nil {
			t.Errorf("%s: a group is active: %v", profile, got)
		}
	}
	b := open(t, func(o *Options) { o.Sources[0].Switches = map[string]bool{"active_by_default": false} })
	if got := b.do("POST", "/Users", body("kim", "")).want(201).at("active"); got != nil {
		t.Errorf("without the switch active is %v, want it left out", got)
	}
}
