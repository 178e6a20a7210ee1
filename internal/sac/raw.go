package sac

import (
	"encoding/json"
	"fmt"
)

// personOf reads a person out of its raw keys.
func (t *Tenant) personOf(raw map[string]json.RawMessage, v version) (person, error) {
	data, err := json.Marshal(raw)
	if err != nil {
		return person{}, fmt.Errorf("read user: %w", err)
	}
	var w wireUser
	if err := json.Unmarshal(data, &w); err != nil {
		return person{}, fmt.Errorf("read user: %w", err)
	}
	return t.person(&w, v), nil
}

// edit writes one key of a raw resource.
func edit(raw map[string]json.RawMessage, key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	raw[key] = data
	return nil
}

// editParams writes keys of an extension and drops marketingEmailOptIn, which is not to be sent.
func editParams(raw map[string]json.RawMessage, urn string, values object) error {
	return editInner(raw, urn, values, "marketingEmailOptIn")
}

// editInner writes keys of an object within a raw resource; every other key but those in drop stays.
func editInner(raw map[string]json.RawMessage, key string, values object, drop ...string) error {
	inner := map[string]json.RawMessage{}
	if len(raw[key]) > 0 {
		if err := json.Unmarshal(raw[key], &inner); err != nil {
			return fmt.Errorf("read %s: %w", key, err)
		}
	}
	if inner == nil {
		inner = map[string]json.RawMessage{}
	}
	for _, name := range drop {
		delete(inner, name)
	}
	for _, name := range sortedKeys(values) {
		if err := edit(inner, name, values[name]); err != nil {
			return err
		}
	}
	return edit(raw, key, inner)
}
