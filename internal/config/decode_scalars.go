package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// list fills a slice. Words may be written as a single word.
func (d *decoder) list(n ast.Node, v reflect.Value, path string, tag reflect.StructTag) {
	if n == nil {
		if def := tag.Get("default"); def != "" {
			v.Set(reflect.ValueOf(strings.Fields(def)).Convert(v.Type()))
		}
		return
	}
	values := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		values = s.Values
	} else if v.Type() != reflect.TypeFor[Words]() {
		d.fault(positionOf(n), path, "is %s, and a list is wanted: [one, two]", kindOf(n))
		return
	}
	for i, item := range values {
		if d.stopped {
			return
		}
		full := fmt.Sprintf("%s[%d]", path, i)
		d.places[full] = positionOf(item)
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(item, element, full, tag)
		if isNull(item) {
			d.fault(positionOf(item), full, "is empty")
		}
		v.Set(reflect.Append(v, element))
	}
}

// scalar fills a text, number or boolean.
func (d *decoder) scalar(n ast.Node, v reflect.Value, path string, tag reflect.StructTag) {
	if n == nil {
		if def := tag.Get("default"); def != "" {
			_ = set(v, def) // the defaults are ours and tested
		}
		return
	}
	text, ok := scalarText(n, v.Kind())
	if !ok || set(v, text) != nil {
		d.fault(positionOf(n), path, "is %s, and %s is wanted", kindOf(n), wanted(v.Kind()))
		return
	}
	if words := strings.Fields(tag.Get("words")); len(words) > 0 && !slices.Contains(words, text) {
		d.fault(positionOf(n), path, "%q is not allowed: write %s", text, orList(words))
	}
}

// set gives a scalar its value.
func set(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case reflect.Int:
		i, err := strconv.Atoi(text)
		v.SetInt(int64(i))
		return err
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		v.SetFloat(f)
		return err
	default:
		return fmt.Errorf("no scalar: %s", v.Kind())
	}
	return nil
}
