package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of JSON and of filters.
const maxDepth = 40

// object is a JSON object of a request.
type object map[string]any

var errShape = errors.New("wrong type")

// parseObject reads exactly one JSON object.
func parseObject(raw []byte) (object, error) {
	if err := checkDepth(raw); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var o object
	if err := dec.Decode(&o); err != nil {
		return nil, fmt.Errorf("parse body: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("parse body: text after the object")
	}
	if o == nil {
		return nil, errors.New("parse body: not an object")
	}
	return o, nil
}

// checkDepth refuses JSON that nests deeper than maxDepth before anything recursive sees it.
func checkDepth(raw []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("nested deeper than %d", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// get finds a key; SCIM attribute names do not mind letter case (RFC 7643 section 2.1).
func (o object) get(key string) (any, bool) {
	if v, ok := o[key]; ok {
		return v, true
	}
	for k, v := range o {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return nil, false
}

func (o object) object(key string) object {
	v, _ := o.get(key)
	return asObject(v)
}

func asObject(v any) object {
	m, _ := v.(map[string]any)
	return m
}

// text is a string value, null counting as empty.
func text(v any) (string, error) {
	switch x := v.(type) {
	case nil:
		return "", nil
	case string:
		return x, nil
	}
	return "", errShape
}

// boolean takes a JSON boolean, or its name in lower case: the sample scripts send the cell of a CSV
// file as it stands (script 2402), and warn that "TRUE" is refused.
func boolean(v any) (bool, error) {
	switch v {
	case true, "true":
		return true, nil
	case false, "false":
		return false, nil
	}
	return false, errShape
}

// count takes a number of zero or more, also written as a string, as Postman environments hold it.
func count(v any) (int, error) {
	s := ""
	switch x := v.(type) {
	case json.Number:
		s = x.String()
	case string:
		s = x
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, errShape
	}
	return n, nil
}

// values reads a multi-valued attribute whose items are strings or objects with a value: null, [],
// [""], ["a"] and [{"value":"a"}] all occur in v1 and v2 bodies. Empty values are dropped.
func values(v any) ([]string, error) {
	switch x := v.(type) {
	case nil:
		return []string{}, nil
	case string:
		return unique([]string{x}), nil
	case map[string]any:
		return values([]any{x})
	case []any:
		out := make([]string, 0, len(x))
		for _, item := range x {
			if m, ok := item.(map[string]any); ok {
				item, _ = object(m).get("value")
			}
			s, err := text(item)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
		return unique(out), nil
	}
	return nil, errShape
}

// schemas lists the URNs a body claims.
func (o object) schemas() []string {
	v, _ := o.get("schemas")
	out, err := values(v)
	if err != nil {
		return nil
	}
	return out
}
