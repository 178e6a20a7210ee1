package scimserver

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// bulkPrefix introduces a reference to another operation of the same request (RFC 7644 §3.7.2).
const bulkPrefix = "bulkId:"

// bulkRefs lists the bulkIds that strings of data refer to, each once.
func bulkRefs(data []byte) []string {
	if !bytes.Contains(data, []byte(bulkPrefix)) && !bytes.Contains(data, []byte(`\u`)) {
		return nil
	}
	var refs []string
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return refs
		}
		text, ok := token.(string)
		if !ok {
			continue
		}
		for _, name := range refsIn(text) {
			if !slices.Contains(refs, name) {
				refs = append(refs, name)
			}
		}
	}
}

// refsIn finds references in one string: the whole of it, or quoted in the filter of a path such as
// members[value eq "bulkId:x"].
func refsIn(text string) []string {
	if name, ok := strings.CutPrefix(text, bulkPrefix); ok {
		return []string{name}
	}
	var names []string
	for {
		_, rest, ok := strings.Cut(text, `"`+bulkPrefix)
		if !ok {
			return names
		}
		name, after, ok := strings.Cut(rest, `"`)
		if !ok {
			return names
		}
		names, text = append(names, name), after
	}
}

// replaceRefs puts ids in place of references. Elements and objects with a reference that drop lists are left
// out, for operations in a cycle: an object goes as a whole, since a member or a manager without its value is none.
func replaceRefs(data []byte, ids map[string]string, drop map[string]bool) ([]byte, error) {
	var tree any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	tree, _ = replaceIn(tree, ids, drop)
	return json.Marshal(tree)
}

// replaceIn gives the value with its references replaced; keep is false where it is to be left out.
func replaceIn(value any, ids map[string]string, drop map[string]bool) (out any, keep bool) {
	switch v := value.(type) {
	case string:
		return replaceText(v, ids, drop)
	case []any:
		kept := make([]any, 0, len(v))
		for _, e := range v {
			if e, ok := replaceIn(e, ids, drop); ok {
				kept = append(kept, e)
			}
		}
		return kept, true
	case map[string]any:
		for name, e := range v {
			e, ok := replaceIn(e, ids, drop)
			switch {
			case ok:
				v[name] = e
			case strings.EqualFold(name, "value"):
				return nil, false
			default:
				delete(v, name)
			}
		}
	}
	return value, true
}

func replaceText(text string, ids map[string]string, drop map[string]bool) (any, bool) {
	if name, ok := strings.CutPrefix(text, bulkPrefix); ok {
		if drop[name] {
			return nil, false
		}
		if id, ok := ids[name]; ok {
			return id, true
		}
		return text, true
	}
	for _, name := range refsIn(text) {
		if id, ok := ids[name]; ok {
			text = strings.ReplaceAll(text, `"`+bulkPrefix+name+`"`, `"`+id+`"`)
		}
	}
	return text, true
}
