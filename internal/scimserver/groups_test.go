package scimserver

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTheAnswerToAPatchedGroup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profile Profile
		want    int
	}{
		"no profile answers with the group":           {"", http.StatusOK},
		"strict answers with the group":               {ProfileStrict, http.StatusOK},
		"Entra is answered with nothing":              {ProfileEntra, http.StatusNoContent},
		"Okta is answered with nothing":               {ProfileOkta, http.StatusNoContent},
		"Identity Provisioning is given nothing back": {ProfileIPS, http.StatusNoContent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, with(c.profile))
			user := b.user("kim")
			a := b.patch("/Groups/"+b.group("Sales"), addMembers(user)).want(c.want)
			if tag := a.header.Get("ETag"); tag != `W/"2"` {
				t.Errorf("got ETag %q, want that of the second version", tag)
			}
			if c.want == http.StatusNoContent {
				if len(a.body) > 0 {
					t.Errorf("got the body %s, want none", a.body)
				}
				return
			}
			if got := at(a.json(), "members", 0, "value"); got != user || a.at("displayName") != "Sales" {
				t.Errorf("the group is not whole: %s", a.body)
			}
		})
	}
}

func TestAPatchedGroupIsShownUpToAHundredMembers(t *testing.T) {
	t.Parallel()
	b := open(t)
	var ids []string
	for n := range maxMembersAnswered + 1 {
		ids = append(ids, b.user("user"+strconv.Itoa(n)))
	}
	group := b.group("Sales", ids[:maxMembersAnswered-1]...)
	shown, _ := b.patch("/Groups/"+group, addMembers(ids[maxMembersAnswered-1])).want(200).at("members").([]any)
	if got, want := len(shown), maxMembersAnswered; got != want {
		t.Errorf("got %d members, want %d", got, want)
	}
	b.patch("/Groups/"+group, addMembers(ids[maxMembersAnswered])).want(204)
	b.patch("/Groups/"+group, `{"op":"remove","path":"members[value eq \"`+ids[0]+`\"]"}`).want(200)
	if got, want := len(b.members(group)), maxMembersAnswered; got != want {
		t.Errorf("got %d members in the end, want %d", got, want)
	}
}

func addMembers(ids ...string) string {
	return `{"op":"add","path":"members","value":[{"value":"` + strings.Join(ids, `"},{"value":"`) + `"}]}`
}

// Operations are applied in the order in which they stand, each to what the ones before made (RFC 7644 §3.5.2).
func TestAMemberFilterSeesTheOperationsBeforeIt(t *testing.T) {
	t.Parallel()
	b := open(t)
	ann := b.user("ann", map[string]any{"displayName": "Ann"})
	bob := b.user("bob", map[string]any{"displayName": "Bob"})
	team := b.group("Inner")
	replace := func(ids ...string) string {
		return strings.Replace(addMembers(ids...), `"add"`, `"replace"`, 1)
	}
	remove := func(where string) string {
		return `{"op":"remove","path":` + toJSON(t, "members["+where+"]") + `}`
	}
	byID := func(id string) string { return remove(`value eq "` + id + `"`) }
	for _, c := range []struct {
		name          string
		before, steps []string
		want          []string
	}{
		{"by display, added just before", nil, []string{addMembers(ann, bob), remove(`display eq "ann"`)}, []string{bob}},
		{"by a display of the request's own", nil, []string{
			`{"op":"add","path":"members","value":[{"value":"` + ann + `","display":"Chief"}]}`, remove(`display eq "chief"`),
		}, nil},
		{"by type, a group added just before", []string{ann}, []string{addMembers(team), remove(`type eq "Group"`)}, []string{ann}},
		{"by display, set just before", []string{bob}, []string{replace(ann), remove(`display sw "a"`)}, nil},
		{"whom a replacement took away is not found", []string{ann, bob}, []string{replace(bob), remove(`display eq "ann" or display eq "nobody"`), addMembers(ann)}, []string{ann, bob}},
		{"after all members were removed", []string{ann}, []string{`{"op":"remove","path":"members"}`, addMembers(bob), remove(`display co "o"`)}, nil},
		{"removed, added again and removed by display", []string{ann, bob}, []string{byID(ann), addMembers(ann), remove(`display eq "ann"`)}, []string{bob}},
		{"by a negation", []string{ann}, []string{addMembers(bob), remove(`not (display eq "ann")`)}, []string{ann}},
		{"what is added after the filter stays", []string{ann}, []string{remove(`display pr`), addMembers(ann)}, []string{ann}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			group := b.group(c.name, c.before...)
			b.patch("/Groups/"+group, c.steps...).want(200)
			if diff := cmp.Diff(sorted(b.members(group)), sorted(c.want)); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestOnePatchOfManyOperationsIsManyPatchesOfOne(t *testing.T) {
	t.Parallel()
	b := open(t)
	var everyone []string
	for n := range 4 {
		everyone = append(everyone, b.user("user"+strconv.Itoa(n), map[string]any{"displayName": "Person " + strconv.Itoa(n)}))
	}
	everyone = append(everyone, b.group("Person 1"), b.group("Inner"))
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(everyone), 1, 4, rapid.ID)
	step := rapid.Custom(func(rt *rapid.T) string {
		switch rapid.IntRange(0, 5).Draw(rt, "kind") {
		case 0, 1:
			return addMembers(ids.Draw(rt, "members")...)
		case 2:
			return strings.Replace(addMembers(ids.Draw(rt, "members")...), `"add"`, `"replace"`, 1)
		case 3:
			return strings.Replace(addMembers(ids.Draw(rt, "members")...), `"add"`, `"remove"`, 1)
		case 4:
			return `{"op":"remove","path":"members"}`
		}
		where := rapid.SampledFrom([]string{
			`display eq "person 1"`, `type eq "Group"`, `type eq "User"`, `not (display eq "Person 2")`,
			`display sw "Person" and type eq "User"`, `value eq "` + everyone[0] + `" or display co "inn"`,
		}).Draw(rt, "where")
		return `{"op":"remove","path":` + toJSON(t, "members["+where+"]") + `}`
	})
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		start := ids.Draw(rt, "start")
		steps := rapid.SliceOfN(step, 1, 5).Draw(rt, "steps")
		whole, single := b.group(fmt.Sprint("whole", run), start...), b.group(fmt.Sprint("single", run), start...)
		b.patch("/Groups/"+whole, steps...).want(200)
		for _, s := range steps {
			b.patch("/Groups/"+single, s).want(200)
		}
		got, want := sorted(b.members(whole)), sorted(b.members(single))
		if diff := cmp.Diff(got, want); diff != "" {
			rt.Errorf("(-one PATCH +many):\n%s", diff)
		}
		for _, id := range []string{whole, single} {
			b.do("DELETE", "/Groups/"+id, "").want(204)
		}
	})
}
