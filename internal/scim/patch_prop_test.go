package scim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sacbridge/internal/scim"
)

// step is one operation of the naive model: what it looks like and what it does to the document. It gives
// false where the whole request has to be refused.
type step struct {
	text string
	do   func(doc map[string]any) bool
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func drawStep(t *rapid.T) step {
	op := rapid.SampledFrom([]string{"add", "replace"}).Draw(t, "op")
	switch rapid.IntRange(0, 9).Draw(t, "step") {
	case 0, 1:
		return simpleStep(t, op)
	case 2:
		return nameStep(t, op)
	case 3:
		return partStep(t, op)
	case 4, 5:
		return emailsStep(t, op)
	case 6, 7:
		return selectedStep(t, op)
	case 8:
		return removeStep(t)
	default:
		return badStep(t)
	}
}

// anyText is a text or null.
func anyText(t *rapid.T, label string) any {
	if s := rapid.SampledFrom([]string{"a", "A", "b", ""}).Draw(t, label); s != "" {
		return s
	}
	return nil
}

// set puts a value at one or two keys, or takes it away for null; an object that becomes empty goes.
func set(doc map[string]any, v any, keys ...string) {
	if len(keys) == 1 {
		if v == nil {
			delete(doc, keys[0])
		} else {
			doc[keys[0]] = v
		}
		return
	}
	inner, ok := doc[keys[0]].(map[string]any)
	if !ok {
		inner = map[string]any{}
	}
	set(inner, v, keys[1])
	doc[keys[0]] = inner
	if len(inner) == 0 {
		delete(doc, keys[0])
	}
}

func simpleStep(t *rapid.T, op string) step {
	attr := rapid.SampledFrom([]string{"title", "nickName", "urn:example:X:k", scim.EnterpriseUserURN + ":department"}).Draw(t, "attr")
	keys := []string{attr}
	if i := strings.LastIndex(attr, ":"); i > 0 {
		keys = []string{attr[:i], attr[i+1:]}
	}
	v := anyText(t, "value")
	text := fmt.Sprintf(`{"op":%q,"path":%q,"value":%s}`, op, attr, quoted(v))
	if rapid.Bool().Draw(t, "pathless") {
		text = fmt.Sprintf(`{"op":%q,"value":{%q:%s}}`, op, attr, quoted(v))
	}
	return step{text, func(doc map[string]any) bool {
		if v != nil || op == "replace" {
			set(doc, v, keys...)
		}
		return true
	}}
}

func nameStep(t *rapid.T, op string) step {
	given, family := anyText(t, "given"), anyText(t, "family")
	text := fmt.Sprintf(`{"op":%q,"path":"NAME","value":{"givenName":%s,"familyname":%s}}`, op, quoted(given), quoted(family))
	return step{text, func(doc map[string]any) bool {
		for key, v := range map[string]any{"givenName": given, "familyName": family} {
			if v != nil || op == "replace" {
				set(doc, v, "name", key)
			}
		}
		return true
	}}
}

func partStep(t *rapid.T, op string) step {
	if rapid.Bool().Draw(t, "remove") {
		return step{`{"op":"remove","path":"name.givenName"}`, func(doc map[string]any) bool { set(doc, nil, "name", "givenName"); return true }}
	}
	v := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "value")
	return step{fmt.Sprintf(`{"op":%q,"path":"name.givenName","value":%q}`, op, v), func(doc map[string]any) bool { set(doc, v, "name", "givenName"); return true }}
}

func emailsOf(doc map[string]any) []map[string]any {
	list, _ := doc["emails"].([]map[string]any)
	return list
}

func setEmails(doc map[string]any, list []map[string]any) {
	doc["emails"] = list
	if len(list) == 0 {
		delete(doc, "emails")
	}
}

// demote makes every e-mail but one no longer primary.
func demote(list []map[string]any, but int) {
	for i, e := range list {
		if i != but && e["primary"] == true {
			e["primary"] = false
		}
	}
}

func drawEmail(t *rapid.T) map[string]any {
	e := map[string]any{"value": rapid.SampledFrom([]string{"p", "P", "q"}).Draw(t, "value"), "type": rapid.SampledFrom([]string{"work", "home"}).Draw(t, "type")}
	if rapid.Bool().Draw(t, "primary") {
		e["primary"] = true
	}
	return e
}

func emailsStep(t *rapid.T, op string) step {
	e := drawEmail(t)
	text := fmt.Sprintf(`{"op":%q,"path":"emails","value":[%s]}`, op, quoted(e))
	return step{text, func(doc map[string]any) bool {
		fresh := map[string]any{}
		maps.Copy(fresh, e)
		if op == "replace" {
			setEmails(doc, []map[string]any{fresh})
			return true
		}
		list, at := emailsOf(doc), -1
		for i, have := range list {
			if at < 0 && strings.EqualFold(have["value"].(string), fresh["value"].(string)) && have["type"] == fresh["type"] {
				at = i
			}
		}
		if at < 0 {
			list, at = append(list, fresh), len(list)
		}
		maps.Copy(list[at], fresh)
		if fresh["primary"] == true {
			demote(list, at)
		}
		setEmails(doc, list)
		return true
	}}
}

func selectedStep(t *rapid.T, op string) step {
	kind, v := rapid.SampledFrom([]string{"work", "home", "fax"}).Draw(t, "type"), rapid.SampledFrom([]string{"n", "m"}).Draw(t, "value")
	text := fmt.Sprintf(`{"op":%q,"path":"emails[type eq \"%s\"].value","value":%q}`, op, strings.ToUpper(kind), v)
	return step{text, func(doc map[string]any) bool {
		found := false
		for _, e := range emailsOf(doc) {
			if strings.EqualFold(e["type"].(string), kind) {
				e["value"], found = v, true
			}
		}
		if !found && op == "add" {
			setEmails(doc, append(emailsOf(doc), map[string]any{"type": strings.ToUpper(kind), "value": v}))
		}
		return found || op == "add"
	}}
}

func removeStep(t *rapid.T) step {
	kind := rapid.SampledFrom([]string{"work", "home"}).Draw(t, "type")
	value := rapid.SampledFrom([]string{"p", "q", "n"}).Draw(t, "value")
	byType := func(e map[string]any) bool { return strings.EqualFold(e["type"].(string), kind) }
	variants := []struct {
		text string
		gone func(e map[string]any) bool
	}{
		{`{"op":"remove","path":"emails"}`, func(map[string]any) bool { return true }},
		{fmt.Sprintf(`{"op":"remove","path":"emails[type eq \"%s\"]"}`, kind), byType},
		{fmt.Sprintf(`{"op":"remove","path":"emails[type eq \"%s\"].value"}`, kind), byType},
		{fmt.Sprintf(`{"op":"remove","path":"emails","value":[{"value":%q}]}`, value), func(e map[string]any) bool { return strings.EqualFold(e["value"].(string), value) }},
		{`{"op":"remove","path":"emails","value":[]}`, func(map[string]any) bool { return false }},
	}
	chosen := variants[rapid.IntRange(0, len(variants)-1).Draw(t, "variant")]
	return step{chosen.text, func(doc map[string]any) bool {
		var left []map[string]any
		for _, e := range emailsOf(doc) {
			if !chosen.gone(e) {
				left = append(left, e)
			}
		}
		setEmails(doc, left)
		return true
	}}
}

func badStep(t *rapid.T) step {
	text := rapid.SampledFrom([]string{
		`{"op":"remove","path":"userName"}`, `{"op":"add","path":"shoe","value":1}`, `{"op":"replace","path":"groups","value":[]}`,
		`{"op":"replace","path":"active","value":"x"}`, `{"op":"remove"}`,
	}).Draw(t, "bad")
	return step{text, func(map[string]any) bool { return false }}
}

func TestPatchEqualsTheNaiveModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := `{"userName":"kim"}`
		r, err := scim.Decode(scim.User(), []byte(body), limit, scim.Lenient(), byType{})
		if err != nil {
			t.Fatal(err)
		}
		doc := map[string]any{"userName": "kim"}
		for range rapid.IntRange(1, 8).Draw(t, "requests") {
			steps := rapid.SliceOfN(rapid.Custom(drawStep), 0, 4).Draw(t, "steps")
			var texts []string
			fine, trial := true, copyOf(t, doc)
			for _, s := range steps {
				texts = append(texts, s.text)
				fine = fine && s.do(trial)
			}
			was := string(r.Encode())
			got, err := patch(r, scim.Tolerance{SchemasOptional: true, EmptyOperations: true}, strings.Join(texts, ","))
			if (err == nil) != fine {
				t.Fatalf("%s on %s: got %v, want accepted %t", texts, was, err, fine)
			}
			if now := string(r.Encode()); now != was {
				t.Fatalf("%s changed the resource before to %s", texts, now)
			}
			if !fine {
				continue
			}
			r, doc = got.Resource, trial
			if diff := cmp.Diff(plainOf(t, r), copyOf(t, doc)); diff != "" {
				t.Fatalf("%s on %s (-got +want):\n%s", texts, was, diff)
			}
		}
	})
}

// plainOf gives the resource as the model has it.
func plainOf(t *rapid.T, r *scim.Resource) map[string]any {
	var doc map[string]any
	if err := json.Unmarshal(r.Encode(), &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc, "schemas")
	return copyOf(t, doc)
}

// copyOf copies a document by way of JSON, its e-mails as maps.
func copyOf(t *rapid.T, doc map[string]any) map[string]any {
	var out map[string]any
	if err := json.Unmarshal([]byte(quoted(doc)), &out); err != nil {
		t.Fatal(err)
	}
	if list, ok := out["emails"].([]any); ok {
		var emails []map[string]any
		for _, e := range list {
			emails = append(emails, e.(map[string]any))
		}
		out["emails"] = emails
	}
	return out
}

func TestEncodedAndDecodedIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, err := scim.Decode(scim.User(), []byte(drawUser(t)), limit, scim.Lenient(), byType{})
		if err != nil {
			t.Fatal(err)
		}
		r.SetCommon("u1", scim.Meta{Version: `W/"1"`})
		again, err := scim.DecodeStored(scim.User(), r.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(again.Attrs, r.Attrs); diff != "" {
			t.Fatalf("(-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(string(again.Encode()), string(r.Encode())); diff != "" {
			t.Fatalf("the bytes (-got +want):\n%s", diff)
		}
	})
}

func TestProjectionLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, err := scim.Decode(scim.User(), []byte(drawUser(t)), limit, scim.Lenient(), byType{})
		if err != nil {
			t.Fatal(err)
		}
		r.SetCommon("u1", scim.Meta{})
		names := strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(sorted(paths), "id", "meta", "emails", "name")), 1, 4).Draw(t, "names"), ",")
		only := project(t, r, names, "")
		without := project(t, r, "", names)
		if diff := cmp.Diff(project(t, only, names, "").Attrs, only.Attrs, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("asking for %s twice differs from once:\n%s", names, diff)
		}
		if diff := cmp.Diff(project(t, without, "", names).Attrs, without.Attrs, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("excluding %s twice differs from once:\n%s", names, diff)
		}
		if rest := project(t, without, names, "").Attrs; len(rest) != 1 || rest["id"] != "u1" {
			t.Fatalf("of what excludes %s there is %v left, want the id only", names, rest)
		}
	})
}

func project(t *rapid.T, r *scim.Resource, attributes, excluded string) *scim.Resource {
	p, err := scim.ParseProjection(r.Type, attributes, excluded)
	if err != nil {
		t.Fatal(err)
	}
	return scim.Project(r, p)
}
