package config

import (
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "rewrite schema.json")

// JSONSchema and JSONSchemaExtend below describe the types that have a form of their own. They stand in
// a test file, so that the schema library is in no program.

// reflected builds the schema from the structs, their tags and their comments.
func reflected(t *testing.T) []byte {
	t.Helper()
	comments := fieldComments(t)
	r := &jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true, FieldNameTag: "yaml",
		Mapper: mapped,
		LookupComment: func(typ reflect.Type, field string) string {
			return comments[typ.Name()+"."+field]
		},
	}
	s := r.Reflect(&Config{})
	s.Title = "sacbridge configuration"
	refine(s, reflect.TypeFor[Config](), s.Definitions, map[string]bool{})
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// mapped gives the schema of types that YAML writes in another form than Go has them.
func mapped(typ reflect.Type) *jsonschema.Schema {
	switch typ {
	case reflect.TypeFor[Secret]():
		return &jsonschema.Schema{Type: "string", MinLength: new(uint64(1))}
	case reflect.TypeFor[Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: `^[0-9].*[smhdw]$`}
	case reflect.TypeFor[Words]():
		text := &jsonschema.Schema{Type: "string"}
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "array", Items: text}}}
	}
	return nil
}

// refine puts what our own tags say into the schema of a struct and of all structs below it.
func refine(s *jsonschema.Schema, typ reflect.Type, definitions jsonschema.Definitions, seen map[string]bool) {
	seen[typ.Name()] = true
	for f := range typ.Fields() {
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		p, _ := s.Properties.Get(key)
		if f.Tag.Get("required") != "" {
			s.Required = append(s.Required, key)
		}
		words(p, f)
		below := f.Type
		for below.Kind() == reflect.Pointer || below.Kind() == reflect.Map {
			below = below.Elem()
		}
		switch {
		case below == reflect.TypeFor[Guard]():
			description := p.Description
			*p = jsonschema.Schema{Description: description, OneOf: []*jsonschema.Schema{
				{Const: "off"}, {Type: "integer", Minimum: "0"}, {Type: "string", Pattern: `^[0-9.]+%$`}, {Ref: p.Ref},
			}}
		case below.Kind() == reflect.Struct && definitions[below.Name()] != nil && !seen[below.Name()]:
			refine(definitions[below.Name()], below, definitions, seen)
		}
	}
}

// words adds the allowed words and the default of a field.
func words(p *jsonschema.Schema, f reflect.StructField) {
	typed := func(w string) any {
		switch f.Type.Kind() {
		case reflect.Int:
			n, _ := strconv.Atoi(w)
			return n
		case reflect.Bool:
			return w == "true"
		default:
			return w
		}
	}
	list := f.Type == reflect.TypeFor[Words]()
	if def := f.Tag.Get("default"); list && def != "" {
		p.Default = strings.Fields(def)
	} else if def != "" {
		p.Default = typed(def)
	}
	for w := range strings.FieldsSeq(f.Tag.Get("words")) {
		if list {
			p.OneOf[0].Enum = append(p.OneOf[0].Enum, w) // shared by the single word and the list's items
			continue
		}
		p.Enum = append(p.Enum, typed(w))
		if n, err := strconv.Atoi(w); err == nil && f.Type.Kind() == reflect.String {
			p.Type, p.Enum = "", append(p.Enum, n) // api: 2 is as good as api: "2"
		}
	}
}

// fieldComments reads the comments of all struct fields of the package.
func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					for _, id := range f.Names {
						out[spec.Name.Name+"."+id.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
					}
				}
			}
			return true
		})
	}
	return out
}

func TestSchemaIsWhatTheStructsSay(t *testing.T) {
	t.Parallel()
	want := reflected(t)
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(Schema()), string(want)); diff != "" {
		t.Errorf("schema.json is stale, run go test -run TestSchema -update (-got +want):\n%s", diff)
	}
}

func TestSchemaDescribesEveryKey(t *testing.T) {
	t.Parallel()
	var s struct {
		Properties map[string]struct{ Description string }
		Defs       map[string]struct {
			AdditionalProperties any
			Properties           map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Properties) < 8 || len(s.Defs) < 10 {
		t.Fatalf("%d keys and %d definitions, want more", len(s.Properties), len(s.Defs))
	}
	for name, def := range s.Defs {
		if def.AdditionalProperties != false {
			t.Errorf("%s takes unknown keys", name)
		}
		for key, p := range def.Properties {
			if p.Description == "" {
				t.Errorf("%s.%s has no description", name, key)
			}
		}
	}
}
