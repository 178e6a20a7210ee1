package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"sacbridge/internal/nearest"
)

// maxNodes bounds what is visited, so that aliases of aliases cannot grow without end.
const (
	maxNodes = 100_000
	maxDepth = 40
)

// position is a place in the file, zero if unknown.
type position struct{ line, column int }

func positionOf(n ast.Node) position {
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return position{}
	}
	// A block mapping's own token is the colon of its first key.
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		return positionOf(m.Values[0].Key)
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return positionOf(m.Key)
	}
	return position{t.Position.Line, t.Position.Column}
}

// decoder fills structs from a YAML tree and notes every fault instead of stopping at the first, which
// the library's own decoder does.
type decoder struct {
	file     string
	dir      string
	lines    []string
	places   map[string]position // of each key that the file has, by its path
	anchors  map[string]ast.Node
	nodes    int
	depth    int
	stopped  bool // too much was visited: what follows is not looked at
	faults   Faults
	warnings []Warning
}

func (d *decoder) fault(at position, path, format string, args ...any) {
	d.faults = append(d.faults, Fault{
		File: d.file, Line: at.line, Column: at.column, Field: path,
		Cause: fmt.Sprintf(format, args...),
	})
}

// err gives the faults in the order of their lines, with excerpts for those that are shown, nil if
// there are none.
func (d *decoder) err() error {
	err := d.faults.orNil()
	for i := range d.faults[:min(len(d.faults), shownFaults)] {
		f := &d.faults[i]
		f.Excerpt = excerpt(d.lines, f.Line, f.Column)
	}
	return err
}

func (d *decoder) warn(path, format string, args ...any) {
	d.warnings = append(d.warnings, Warning{File: d.file, Line: d.place(path).line, Field: path, Text: fmt.Sprintf(format, args...)})
}

// place gives the position of a path, or that of what holds it.
func (d *decoder) place(path string) position {
	for path != "" {
		if p, ok := d.places[path]; ok {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return position{}
}

// decodeInto fills a whole configuration.
func (d *decoder) decodeInto(root ast.Node, c *Config) {
	d.value(root, reflect.ValueOf(c).Elem(), "", "")
}

// resolve follows anchors and aliases. ok is false where the node cannot be used.
func (d *decoder) resolve(n ast.Node, path string) (ast.Node, bool) {
	for range maxDepth {
		switch t := n.(type) {
		case *ast.AnchorNode:
			d.anchors[t.Name.GetToken().Value] = t.Value
			n = t.Value
		case *ast.AliasNode:
			name := t.Value.GetToken().Value
			target, ok := d.anchors[name]
			if !ok {
				d.fault(positionOf(t), path, "nothing before this is called &%s", name)
				return nil, false
			}
			n = target
		case *ast.TagNode:
			d.fault(positionOf(t), path, "tags such as %s have no meaning here", t.GetToken().Value)
			return nil, false
		default:
			return n, true
		}
	}
	d.fault(positionOf(n), path, "this alias leads back to itself")
	return nil, false
}

// value fills v from a node; nil or null means absent. tag is that of the struct field.
func (d *decoder) value(n ast.Node, v reflect.Value, path string, tag reflect.StructTag) {
	if d.stopped {
		return
	}
	if n != nil {
		if d.nodes++; d.nodes > maxNodes || d.depth > maxDepth {
			if !d.stopped {
				d.stopped = true
				d.fault(positionOf(n), path, "the file grows too large here: aliases lead to aliases")
			}
			return
		}
		resolved, ok := d.resolve(n, path)
		if !ok {
			return
		}
		n = resolved
		if _, null := n.(*ast.NullNode); null {
			n = nil
		}
	}
	d.depth++
	defer func() { d.depth-- }()
	if d.special(n, v, path, tag) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Pointer:
		if n != nil {
			v.Set(reflect.New(v.Type().Elem()))
			d.value(n, v.Elem(), path, tag)
		}
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path, tag)
	default:
		d.scalar(n, v, path, tag)
	}
}

// pairs gives the keys and values of a mapping node.
func (d *decoder) pairs(n ast.Node, path string) ([]*ast.MappingValueNode, bool) {
	switch t := n.(type) {
	case *ast.MappingNode:
		return t.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{t}, true
	}
	d.fault(positionOf(n), path, "is %s, and keys with values are wanted", kindOf(n))
	return nil, false
}

// structure fills a struct: the keys it has, and defaults for those it lacks.
func (d *decoder) structure(n ast.Node, v reflect.Value, path string) {
	fields := fieldsOf(v.Type())
	seen := map[string]int{}
	if n != nil {
		pairs, ok := d.pairs(n, path)
		if !ok {
			return
		}
		for _, p := range pairs {
			d.key(p, v, fields, seen, path)
		}
	}
	for _, f := range fields {
		if _, ok := seen[f.key]; ok {
			continue
		}
		if f.tag.Get("required") != "" && n != nil {
			d.fault(d.place(path), join(path, f.key), "is missing")
			continue
		}
		d.value(nil, v.Field(f.index), join(path, f.key), f.tag)
	}
}

// key fills the field that one key of a mapping names.
func (d *decoder) key(p *ast.MappingValueNode, v reflect.Value, fields []field, seen map[string]int, path string) {
	name, at := p.Key.GetToken().Value, positionOf(p.Key)
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == name })
	full := join(path, name)
	switch first, twice := seen[name]; {
	case p.Key.IsMergeKey():
		d.fault(at, path, "<< is not supported: write the keys out, or give an alias as a whole value")
		return
	case i < 0:
		d.fault(at, full, "unknown key%s", didYouMean(name, keysOf(fields)))
		return
	case twice:
		d.fault(at, full, "is here a second time, first on line %d", first)
		return
	}
	seen[name] = at.line
	d.places[full] = at
	d.value(p.Value, v.Field(fields[i].index), full, fields[i].tag)
	if fields[i].tag.Get("required") != "" && isNull(p.Value) {
		d.fault(at, full, "is empty")
	}
}

func isNull(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// mapping fills a map of names.
func (d *decoder) mapping(n ast.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	if n == nil {
		return
	}
	pairs, ok := d.pairs(n, path)
	if !ok {
		return
	}
	for _, p := range pairs {
		name, at := p.Key.GetToken().Value, positionOf(p.Key)
		full := join(path, name)
		if p.Key.IsMergeKey() {
			d.fault(at, path, "<< is not supported: write the keys out, or give an alias as a whole value")
			continue
		}
		if first, twice := d.places[full]; twice && v.MapIndex(reflect.ValueOf(name)).IsValid() {
			d.fault(at, full, "is here a second time, first on line %d", first.line)
			continue
		}
		d.places[full] = at
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(p.Value, item, full, "")
		if item.Kind() == reflect.Pointer && item.IsNil() {
			item.Set(reflect.New(item.Type().Elem()))
			d.value(&ast.MappingNode{BaseNode: &ast.BaseNode{}, Start: p.Key.GetToken(), IsFlowStyle: true}, item.Elem(), full, "")
		}
		v.SetMapIndex(reflect.ValueOf(name), item)
	}
}

// didYouMean gives the end of a message about an unknown word: the one that was meant, else all that are known.
func didYouMean(word string, known []string) string {
	if hint := nearest.Hint(word, known); hint != "" {
		return hint
	}
	return "; known are " + strings.Join(known, ", ")
}
