package config

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// field is a key of a struct.
type field struct {
	key   string
	index int
	tag   reflect.StructTag
}

// fieldsOf lists the keys of a struct in its order.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" {
			out = append(out, field{key: key, index: i, tag: t.Field(i).Tag})
		}
	}
	return out
}

func keysOf(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.key
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// special fills the types that have a form of their own, and reports whether v is one.
func (d *decoder) special(n ast.Node, v reflect.Value, path string, tag reflect.StructTag) bool {
	switch target := v.Addr().Interface().(type) {
	case *Secret:
		d.secret(n, target, path)
	case *Duration:
		text := tag.Get("default")
		if n != nil {
			var ok bool
			if text, ok = scalarText(n, reflect.String); !ok {
				d.fault(positionOf(n), path, "is %s, and a time span such as 30d is wanted", kindOf(n))
				return true
			}
		}
		if text == "" {
			return true
		}
		span, err := parseDuration(text)
		if err != nil {
			d.fault(positionOf(n), path, "%v", err)
			return true
		}
		*target = span
	case *Guard:
		d.guard(n, target, path)
	default:
		return false
	}
	return true
}

// guard reads a limit in any of its forms: 60, 5%, off, or count and percent.
func (d *decoder) guard(n ast.Node, target *Guard, path string) {
	if n == nil {
		return
	}
	target.set = true
	switch t := n.(type) {
	case *ast.StringNode:
		d.guardWord(t, target, path)
	case *ast.IntegerNode:
		count, err := strconv.Atoi(t.GetToken().Value)
		if err != nil {
			d.fault(positionOf(n), path, "is %s, and %s is wanted", t.GetToken().Value, limitForms)
			return
		}
		target.Count = &count
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		d.fault(positionOf(n), path, "is %s, and %s is wanted", n.GetToken().Value, limitForms)
	default:
		d.structure(n, reflect.ValueOf(target).Elem(), path)
		if target.Count == nil && target.Percent == nil {
			d.fault(positionOf(n), path, "limits nothing: write count, percent or both, or the word off")
		}
	}
}

const limitForms = "a count such as 60, a share such as 5%, the word off, or {count: 60, percent: 5}"

// guardWord reads the forms of a limit that YAML takes for text.
func (d *decoder) guardWord(n *ast.StringNode, target *Guard, path string) {
	text := strings.TrimSpace(n.Value)
	if text == "off" {
		return
	}
	if share, ok := strings.CutSuffix(text, "%"); ok {
		if percent, err := strconv.ParseFloat(share, 64); err == nil {
			target.Percent = &percent
			return
		}
	}
	d.fault(positionOf(n), path, "is a text, and %s is wanted", limitForms)
}

// secret reads a reference. No message says what stands there.
func (d *decoder) secret(n ast.Node, target *Secret, path string) {
	if n == nil {
		return
	}
	at := positionOf(n)
	text, ok := scalarText(n, reflect.String)
	if !ok {
		d.fault(at, path, "is %s, and a reference such as env:NAME is wanted", kindOf(n))
		return
	}
	s, err := NewSecret(text, d.dir, path)
	if err != nil {
		d.fault(at, path, "%v", err)
		return
	}
	*target = s
}

// scalarText gives a scalar as written, if it can stand for the kind: a number for a text is taken as
// written (a user ID may be all digits), a text for a number is not.
func scalarText(n ast.Node, kind reflect.Kind) (string, bool) {
	switch t := n.(type) {
	case *ast.StringNode:
		return t.Value, kind == reflect.String
	case *ast.LiteralNode:
		return t.Value.Value, kind == reflect.String
	case *ast.IntegerNode:
		return t.GetToken().Value, kind == reflect.String || kind == reflect.Int || kind == reflect.Float64
	case *ast.FloatNode:
		return t.GetToken().Value, kind == reflect.Float64
	case *ast.BoolNode:
		return strings.ToLower(t.GetToken().Value), kind == reflect.Bool
	}
	return "", false
}

// kindOf names what a node is, for messages.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a group of keys"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	default:
		return "nothing that can be used"
	}
}

// wanted names a kind, for messages.
func wanted(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "a text (put it in quotation marks)"
	}
}

// orList joins words as in "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
