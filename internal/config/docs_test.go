package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// keyPaths lists the paths of all keys that hold a value, with NAME for the names that people choose.
func keyPaths(typ reflect.Type, path string) []string {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.Pointer:
		return keyPaths(typ.Elem(), path+".NAME")
	case typ.Kind() != reflect.Struct || typ == reflect.TypeFor[Secret]() || typ == reflect.TypeFor[Guard]() || path == "jobs.NAME.guards":
		return []string{path}
	}
	var out []string
	for _, f := range fieldsOf(typ) {
		out = append(out, keyPaths(typ.Field(f.index).Type, join(path, f.key))...)
	}
	return out
}

func TestPageOfTheConfigurationNamesEveryKey(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	paths := keyPaths(reflect.TypeFor[Config](), "")
	if len(paths) < 60 {
		t.Errorf("got %d keys, want more", len(paths))
	}
	for _, p := range paths {
		if !strings.Contains(string(raw), "| `"+p+"` |") {
			t.Errorf("docs/configuration.md has no row for %s", p)
		}
	}
}
