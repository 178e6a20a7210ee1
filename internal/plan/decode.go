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
	maxFile  = 1 << 30 // bytes; about a million people
	maxDepth = 32      // of nested values; a plan has eight
)

// The reasons for which a plan file is refused as a whole. Errors of Decode wrap them.
var (
	ErrNotPlan   = errors.New("this is no plan file")
	ErrNewerPlan = errors.New("the plan file was written by a newer program")
	ErrEdited    = errors.New("the plan file was changed after it was written")
	ErrTooLarge  = errors.New("the plan file is too large")
)

// errEnd is what a file that ends too soon is told.
var errEnd = errors.New("unexpected end of JSON input")

// Decode reads what Encode wrote, change by change, so that the text of a large plan is never in memory.
// It reads a file of an earlier version, too; the plan then is as if this program had written it. It refuses
// a file of a newer version (ErrNewerPlan), one with unknown keys, one over 1 GiB (ErrTooLarge), and
// one whose content was edited (ErrEdited): a plan is made from what the tenants hold, so the cure is to
// make a new one. Errors name the line.
func Decode(r io.Reader) (*Plan, error) { return decode(r, maxFile) }

func decode(r io.Reader, limit int64) (*Plan, error) {
	lines := &lineReader{in: r, limit: limit}
	d := fileReader{lines: lines, dec: json.NewDecoder(lines), content: newContentHash()}
	p, sum, err := d.plan()
	if err != nil {
		return nil, err
	}
	if sum != d.content.checksum() {
		return nil, fmt.Errorf("%w: its checksum is not that of its content; make a new plan instead of editing one", ErrEdited)
	}
	return p, nil
}

// fileReader reads a plan key by key and element by element, so that a fault has a line.
type fileReader struct {
	lines   *lineReader
	dec     *json.Decoder
	content contentHash // of what was read
}

// plan reads the whole file and the checksum that it carries. The version stands first, so that a newer
// file is called newer and not wrong.
func (d *fileReader) plan() (*Plan, string, error) {
	p, sum := &Plan{}, ""
	if err := d.expect(json.Delim('{')); err != nil {
		return nil, "", err
	}
	if err := d.version(p); err != nil {
		return nil, "", err
	}
	read := d.members(p)
	var finish func()
	if p.Version < Version {
		read, finish = d.earlierMembers(p)
	}
	read[checksumKey] = func() error { return d.unhashed(&sum) }
	for d.dec.More() {
		token, err := d.token()
		if err != nil {
			return nil, "", err
		}
		key, _ := token.(string) // the first token of a member is its key
		next := read[key]
		if next == nil {
			return nil, "", fmt.Errorf("%w: line %d: the key %q is unknown or comes twice", ErrNotPlan, d.line(), key)
		}
		delete(read, key)
		if key != checksumKey {
			d.content.key(key)
		}
		if err := next(); err != nil {
			return nil, "", err
		}
	}
	if err := d.end(); err != nil {
		return nil, "", err
	}
	if len(read) > 0 {
		return nil, "", fmt.Errorf("%w: it lacks %s", ErrNotPlan, strings.Join(slices.Sorted(maps.Keys(read)), ", "))
	}
	if finish != nil {
		finish()
	}
	return p, sum, nil
}

// members gives how each member of a plan file is read.
func (d *fileReader) members(p *Plan) map[string]func() error {
	return map[string]func() error{
		"id": into(d, &p.ID), "tool": into(d, &p.Tool), "created": into(d, &p.Created),
		"source": into(d, &p.Source), "target": into(d, &p.Target), "request": into(d, &p.Request), "rules": into(d, &p.Rules),
		"counts": into(d, &p.Counts), "read": into(d, &p.Read), "calls": into(d, &p.Calls), "held": into(d, &p.Exceeded),
		"conflicts": each(d, &p.Conflicts), "skips": each(d, &p.Skips), "warnings": each(d, &p.Warnings), "changes": each(d, &p.Changes),
		"sourceFingerprints": table(d, &p.SourceFingerprints), "targetFingerprints": table(d, &p.TargetFingerprints),
	}
}

// version reads the first member, which must be the version, and judges it.
func (d *fileReader) version(p *Plan) error {
	switch key, err := d.token(); {
	case err != nil:
		return err
	case key != "version":
		return fmt.Errorf("%w: it has no version at its head", ErrNotPlan)
	}
	d.content.key("version")
	if err := d.decode(&p.Version); err != nil {
		return err
	}
	switch {
	case p.Version < 1:
		return fmt.Errorf("%w: it has no version", ErrNotPlan)
	case p.Version > Version:
		return fmt.Errorf("%w: it has version %d, this program reads up to %d: use that program, or make a new plan with this one",
			ErrNewerPlan, p.Version, Version)
	}
	return nil
}

// end requires the end of the plan and of the file.
func (d *fileReader) end() error {
	if err := d.expect(json.Delim('}')); err != nil {
		return err
	}
	token, err := d.dec.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return d.fault(d.dec.InputOffset(), nil, err)
	}
	return fmt.Errorf("%w: line %d: %v follows the end of the plan", ErrNotPlan, d.line(), token)
}

// into gives a function that reads the next value into v.
func into[T any](d *fileReader, v *T) func() error {
	return func() error { return d.decode(v) }
}

// each gives a function that reads the next value, a list, element by element into v.
func each[T any](d *fileReader, v *[]T) func() error {
	return func() error {
		if err := d.expect(json.Delim('[')); err != nil {
			return err
		}
		for d.dec.More() {
			var element T
			if err := d.decode(&element); err != nil {
				return err
			}
			*v = append(*v, element)
		}
		return d.expect(json.Delim(']'))
	}
}

// table gives a function that reads the next value, an object of texts, entry by entry into v.
func table(d *fileReader, v *map[string]string) func() error {
	return func() error {
		if err := d.expect(json.Delim('{')); err != nil {
			return err
		}
		*v = map[string]string{}
		for d.dec.More() {
			token, err := d.token()
			if err != nil {
				return err
			}
			key, _ := token.(string)
			d.content.key(key)
			var text string
			if err := d.decode(&text); err != nil {
				return err
			}
			(*v)[key] = text
		}
		return d.expect(json.Delim('}'))
	}
}

func (d *fileReader) token() (json.Token, error) {
	token, err := d.dec.Token()
	if err != nil {
		return nil, d.fault(d.dec.InputOffset(), nil, err)
	}
	return token, nil
}

func (d *fileReader) expect(want json.Delim) error {
	token, err := d.token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%w: line %d: there is %v where %v belongs", ErrNotPlan, d.line(), token, want)
	}
	return nil
}

// decode reads the next value strictly and hashes it.
func (d *fileReader) decode(v any) error {
	text, err := d.next(v)
	if err != nil {
		return err
	}
	return d.content.valueOf(text)
}

// unhashed reads the next value strictly.
func (d *fileReader) unhashed(v any) error {
	_, err := d.next(v)
	return err
}

// next reads the next value strictly and gives its text.
func (d *fileReader) next(v any) (json.RawMessage, error) {
	d.lines.forget(d.dec.InputOffset())
	var text json.RawMessage
	if err := d.dec.Decode(&text); err != nil {
		return nil, d.fault(d.dec.InputOffset(), nil, err)
	}
	start := d.dec.InputOffset() - int64(len(text))
	if at := tooDeep(text); at >= 0 {
		return nil, fmt.Errorf("%w: line %d: values are nested more than %d deep", ErrNotPlan, d.lines.line(start+int64(at)), maxDepth)
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(v); err != nil {
		return nil, d.fault(start, text, err)
	}
	return text, nil
}

func (d *fileReader) line() int { return d.lines.line(d.dec.InputOffset()) }

// fault adds the line to an error of the value text, which begins at offset start.
func (d *fileReader) fault(start int64, text []byte, err error) error {
	if d.lines.err != nil {
		return fmt.Errorf("read plan: %w", d.lines.err)
	}
	at := start
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at += wrongType.Offset
	} else if _, key, ok := strings.Cut(err.Error(), "unknown field "); ok {
		// The decoder does not tell where; the key with its quotes does.
		at += int64(max(0, bytes.Index(text, []byte(key))))
	} else if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(at, syntax.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errEnd
	}
	return fmt.Errorf("%w: line %d: %w", ErrNotPlan, d.lines.line(at), err)
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

// lineReader knows the line of each offset that it has not been told to forget.
type lineReader struct {
	in     io.Reader
	limit  int64
	offset int64   // of the next byte
	before int     // lines ended before the first of ends
	ends   []int64 // offsets of line ends
	err    error   // of in, other than io.EOF
}

// Read implements io.Reader.
func (l *lineReader) Read(b []byte) (int, error) {
	n, err := l.in.Read(b)
	for i, c := range b[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.offset+int64(i))
		}
	}
	if l.offset += int64(n); l.offset > l.limit {
		err = fmt.Errorf("%w: more than %d MiB", ErrTooLarge, l.limit>>20)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}

// line gives the line, from 1, of an offset.
func (l *lineReader) line(offset int64) int {
	i, _ := slices.BinarySearch(l.ends, offset)
	return 1 + l.before + i
}

// forget drops what is needed only for offsets before this one.
func (l *lineReader) forget(offset int64) {
	i, _ := slices.BinarySearch(l.ends, offset)
	l.before += i
	l.ends = append(l.ends[:0], l.ends[i:]...)
}
