package scim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/scim"
)

// drawMemberOperation makes operations of which many are pure membership and some are not.
func drawMemberOperation(t *rapid.T) string {
	id := rapid.SampledFrom([]string{"u1", "u2", `\u00e9`, "", `a\"b`})
	member := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{`{"value":"%s"}`, `{"$ref":null,"VALUE":"%s"}`, `{"value":"%s","type":"User","display":null}`, `"%s"`, `{"value":"%s","x":1}`, `{"value":"%s","Value":"b"}`}).Draw(t, "shape")
	})
	var list []string
	for range rapid.IntRange(0, 3).Draw(t, "members") {
		list = append(list, fmt.Sprintf(member.Draw(t, "member"), id.Draw(t, "id")))
	}
	members := "[" + strings.Join(list, ",") + "]"
	filter := `members[value eq \"` + rapid.SampledFrom([]string{"u1", "u2", ""}).Draw(t, "filter") + `\"` + rapid.SampledFrom([]string{"]", ` or VALUE eq \"u9\"]`, ` and type pr]`, "", `].value`}).Draw(t, "tail")
	path := rapid.SampledFrom([]string{`"members"`, `"MEMBERS"`, `"` + filter + `"`, `""`, `null`, `"displayName"`}).Draw(t, "path")
	value := rapid.SampledFrom([]string{members, `{"members":` + members + `}`, `"x"`, `null`, `{"members":` + members + `,"displayName":"N"}`}).Draw(t, "value")
	op := rapid.SampledFrom([]string{"add", "Remove", "REPLACE", "move"}).Draw(t, "op")
	keys := []string{`"op":"` + op + `"`}
	if rapid.Bool().Draw(t, "with path") {
		keys = append(keys, `"Path":`+path)
	}
	if rapid.Bool().Draw(t, "with value") {
		keys = append(keys, `"value":`+value)
	}
	return "{" + strings.Join(rapid.Permutation(keys).Draw(t, "keys"), " , ") + "}"
}

// naiveMembers carries one operation out on a set of members, as the RFC and the providers mean it. known is false where
// the naive model has no answer.
func naiveMembers(op map[string]any, members map[string]bool) (known, accepted bool) {
	kind, path, value := strings.ToLower(str(op["op"])), strings.ToLower(str(op["path"])), op["value"]
	_, given := op["value"]
	if kind == "move" || !given && kind != "remove" {
		return true, false
	}
	if path == "" {
		inner, isObject := value.(map[string]any)
		if kind == "remove" || !isObject {
			return true, false
		}
		if len(inner) != 1 {
			return false, false
		}
		path, value = "members", inner["members"]
	}
	switch {
	case path == "displayname" || strings.HasSuffix(path, "].value"):
		return false, false
	case path == "members":
		if _, isObject := value.(map[string]any); isObject {
			return false, false
		}
		return true, naiveList(kind, given, value, members)
	case !strings.HasSuffix(path, "]"):
		return true, false
	case kind != "remove":
		return false, false
	}
	named := strings.Split(path, `"`)
	for i := 1; i < len(named); i += 2 {
		if !strings.Contains(path, "type pr") { // nobody here has a type
			delete(members, named[i])
		}
	}
	return true, true
}

// naiveList adds, removes or puts in place the members of a list; one value stands for a list of one.
func naiveList(kind string, given bool, value any, members map[string]bool) bool {
	list, isList := value.([]any)
	if value != nil && !isList {
		list = []any{value}
	}
	var ids []string
	for _, e := range list {
		id, isText := e.(string)
		if !isText {
			for key, v := range e.(map[string]any) {
				if strings.EqualFold(key, "value") {
					id = str(v)
				}
			}
		}
		if id == "" {
			return false
		}
		ids = append(ids, id)
	}
	if kind == "replace" || kind == "remove" && (!given || value == nil) {
		clear(members)
	}
	for _, id := range ids {
		if kind == "remove" {
			delete(members, id)
		} else {
			members[id] = true
		}
	}
	return true
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// carryOut carries a step of a patch out as a store does.
func carryOut(op scim.MemberOp, members map[string]bool) {
	switch op.Kind {
	case scim.ReplaceMembers, scim.ClearMembers:
		clear(members)
	case scim.RemoveWhere:
		maps.DeleteFunc(members, func(id string, _ bool) bool { return scim.MatchMember(op.Where, scim.Member{Value: id}) })
	case scim.AddMembers, scim.RemoveMembers:
	}
	for _, m := range op.Members {
		if op.Kind == scim.RemoveMembers {
			delete(members, m.Value)
		} else {
			members[m.Value] = true
		}
	}
}

func TestMembershipEqualsTheNaiveModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			operations := rapid.SliceOfN(rapid.Custom(drawMemberOperation), 1, 3).Draw(t, "operations")
			body := []byte(expand(`{"schemas":["@P"],"Operations":[` + strings.Join(operations, ",") + `]}`))
			want, known, accepted := map[string]bool{"u1": true, "u9": true, "z": true}, true, true
			for _, text := range operations {
				var raw map[string]any
				if err := json.Unmarshal([]byte(text), &raw); err != nil {
					t.Fatal(err)
				}
				op := map[string]any{}
				for key, v := range raw {
					op[strings.ToLower(key)] = v
				}
				k, a := naiveMembers(op, want)
				known, accepted = known && k, accepted && a && !strings.Contains(text, `"Value":"b"`) // a second spelling
			}
			if !known {
				continue
			}
			checkMembership(t, body, want, accepted)
		}
	})
}

// checkMembership holds both ways of reading a patch against what it should leave.
func checkMembership(t *rapid.T, body []byte, want map[string]bool, accepted bool) {
	p, err := scim.DecodePatch(scim.Group(), body, limit, scim.Lenient(), byType{})
	var got scim.Outcome
	if err == nil {
		g := scim.NewResource(scim.Group())
		g.Attrs["displayName"] = "S"
		got, err = p.Apply(g)
	}
	if (err == nil) != accepted {
		t.Fatalf("%s: got error %v, want it accepted: %t", body, err, accepted)
	}
	if err != nil {
		return
	}
	members := map[string]bool{"u1": true, "u9": true, "z": true}
	for _, op := range got.Members {
		carryOut(op, members)
	}
	if diff := cmp.Diff(members, want); diff != "" {
		t.Fatalf("%s (-got +want):\n%s", body, diff)
	}
	ops, ok := p.Membership()
	if ok != (len(got.Members) > 0) || !cmp.Equal(ops, got.Members, byName()) {
		t.Fatalf("%s: got %+v, %t without the group, and %+v with it", body, ops, ok, got.Members)
	}
}
