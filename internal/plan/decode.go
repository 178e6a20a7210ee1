package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

const (
	maxFile  = 256 << 20 // bytes
	maxDepth = 32        // of nested values; a plan has eight
)

// The reasons for which a plan file is refused as a whole. Errors of Decode wrap them.
var (
	ErrNotPlan   = errors.New("this is no plan file")
	ErrNewerPlan = errors.New("the plan file was written by a newer program")
	ErrEdited    = errors.New("the plan file was changed after it was written")
	ErrTooLarge  = errors.New("the plan file is too large")
)

// Decode reads what Encode wrote. It refuses a file of a newer version (ErrNewerPlan), one with unknown
// keys, one over 256 MiB (ErrTooLarge), and one whose content was edited (ErrEdited): a plan is made
// from what the tenants hold, so the cure is to make a new one. Errors name the line.
func Decode(r io.Reader) (*Plan, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrTooLarge, maxFile>>20)
	}
	if err := checkFile(data); err != nil {
		return nil, err
	}
	d := fileReader{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	d.dec.DisallowUnknownFields()
	p, sum, err := d.plan()
	if err != nil {
		return nil, err
	}
	want, err := checksum(p)
	if err != nil {
		return nil, fmt.Errorf("check plan: %w", err)
	}
	if sum != want {
		return nil, fmt.Errorf("%w: its checksum is not that of its content; make a new plan instead of editing one", ErrEdited)
	}
	return p, nil
}

// checkFile looks at depth, syntax and version before anything else, so that a newer file is called
// newer and not wrong.
func checkFile(data []byte) error {
	if at := tooDeep(data); at >= 0 {
		return fmt.Errorf("%w: line %d: values are nested more than %d deep", ErrNotPlan, lineOf(data, at), maxDepth)
	}
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return placed(data, 0, err)
	}
	switch {
	case head.Version == nil || *head.Version < 1:
		return fmt.Errorf("%w: it has no version", ErrNotPlan)
	case *head.Version > Version:
		return fmt.Errorf("%w: it has version %d, this program reads up to %d: use that program, or make a new plan with this one",
			ErrNewerPlan, *head.Version, Version)
	}
	return nil
}

// tooDeep gives the offset at which values are nested too deep, or -1.
func tooDeep(data []byte) int {
	depth, inText := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// fileReader reads a plan key by key and element by element, so that a fault has a line.
type fileReader struct {
	data []byte
	dec  *json.Decoder
}

// plan reads the whole file and the checksum that it carries.
func (d *fileReader) plan() (*Plan, string, error) {
	p, sum := &Plan{}, ""
	read := map[string]func() error{
		"version": into(d, &p.Version), "id": into(d, &p.ID), "tool": into(d, &p.Tool), "created": into(d, &p.Created),
		"source": into(d, &p.Source), "target": into(d, &p.Target), "request": into(d, &p.Request), "rules": into(d, &p.Rules),
		"counts": into(d, &p.Counts), "calls": into(d, &p.Calls), "held": into(d, &p.Held),
		"conflicts": each(d, &p.Conflicts), "skips": each(d, &p.Skips), "changes": each(d, &p.Changes),
		"sourcePrints": into(d, &p.SourcePrints), "targetPrints": into(d, &p.TargetPrints),
		checksumKey: into(d, &sum),
	}
	if err := d.expect('{'); err != nil {
		return nil, "", err
	}
	for d.dec.More() {
		token, err := d.dec.Token()
		if err != nil {
			return nil, "", placed(d.data, 0, err)
		}
		key, _ := token.(string) // the first token of a member is its key
		next := read[key]
		if next == nil {
			return nil, "", fmt.Errorf("%w: line %d: the key %q is unknown or comes twice", ErrNotPlan, d.line(), key)
		}
		delete(read, key)
		if err := next(); err != nil {
			return nil, "", err
		}
	}
	if len(read) > 0 {
		return nil, "", fmt.Errorf("%w: it lacks %s", ErrNotPlan, strings.Join(slices.Sorted(maps.Keys(read)), ", "))
	}
	return p, sum, nil
}

// into gives a function that reads the next value into v.
func into[T any](d *fileReader, v *T) func() error {
	return func() error { return d.decode(v) }
}

// each gives a function that reads the next value, a list, element by element into v.
func each[T any](d *fileReader, v *[]T) func() error {
	return func() error {
		if err := d.expect('['); err != nil {
			return err
		}
		for d.dec.More() {
			var element T
			if err := d.decode(&element); err != nil {
				return err
			}
			*v = append(*v, element)
		}
		return d.expect(']')
	}
}

func (d *fileReader) expect(want json.Delim) error {
	token, err := d.dec.Token()
	if err != nil {
		return placed(d.data, 0, err)
	}
	if token != want {
		return fmt.Errorf("%w: line %d: there is %v where %v belongs", ErrNotPlan, d.line(), token, want)
	}
	return nil
}

// decode reads the next value strictly.
func (d *fileReader) decode(v any) error {
	start := int(d.dec.InputOffset())
	if err := d.dec.Decode(v); err != nil {
		return placed(d.data, start, err)
	}
	return nil
}

func (d *fileReader) line() int { return lineOf(d.data, int(d.dec.InputOffset())) }

// placed adds the line to a fault of the value that begins at offset start.
func placed(data []byte, start int, err error) error {
	at := start
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at += int(wrongType.Offset)
	} else if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(syntax.Offset)
	} else if _, key, ok := strings.Cut(err.Error(), "unknown field "); ok {
		// The decoder does not tell where; the key with its quotes does.
		at += max(0, bytes.Index(data[min(start, len(data)):], []byte(key)))
	}
	return fmt.Errorf("%w: line %d: %w", ErrNotPlan, lineOf(data, at), err)
}

func lineOf(data []byte, offset int) int {
	return 1 + bytes.Count(data[:min(max(offset, 0), len(data))], []byte("\n"))
}
