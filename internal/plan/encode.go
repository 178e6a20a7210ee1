package plan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// escapedReplacement is what the encoder writes where text is not valid UTF-8.
const escapedReplacement = `\ufffd`

// Encode writes the plan's file: indented JSON, one change after the other, with a checksum over the
// content at the end. White space does not count for the checksum, every value does.
func Encode(w io.Writer, p *Plan) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	f := newFileWriter(buffered)
	sum, err := f.plan(p)
	if err != nil {
		return fmt.Errorf("encode plan %s: %w", p.ID, err)
	}
	f.raw(",\n  \"" + checksumKey + "\": \"" + sum + "\"\n}\n")
	if f.err == nil {
		f.err = buffered.Flush()
	}
	if f.err != nil {
		return fmt.Errorf("write plan %s: %w", p.ID, f.err)
	}
	return nil
}

// fileWriter writes a plan value by value, so that a plan of 100,000 changes is never in memory as
// text, and hashes what it writes in compact form.
type fileWriter struct {
	out     io.Writer
	content contentHash
	compact bytes.Buffer
	pretty  bytes.Buffer
	encoder *json.Encoder
	err     error // the first of out
}

func newFileWriter(out io.Writer) *fileWriter {
	f := &fileWriter{out: out, content: newContentHash()}
	f.encoder = json.NewEncoder(&f.compact)
	f.encoder.SetEscapeHTML(false)
	return f
}

// plan writes all but the checksum and the closing brace, and gives the checksum.
func (f *fileWriter) plan(p *Plan) (string, error) {
	head := []struct {
		name  string
		value any
	}{
		{"version", Version}, // a plan that was read is one of this version
		{"id", p.ID},
		{"tool", p.Tool},
		{"created", p.Created},
		{"source", p.Source},
		{"target", p.Target},
		{"request", p.Request},
		{"rules", p.Rules},
		{"counts", p.Counts},
		{"read", p.Read},
		{"calls", p.Calls},
		{"held", p.Exceeded},
	}
	for i, part := range head {
		f.raw(separator(i, "{", "  "))
		if err := f.named(part.name, part.value, "  "); err != nil {
			return "", fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if err := writeList(f, "conflicts", p.Conflicts); err != nil {
		return "", err
	}
	if err := writeList(f, "skips", p.Skips); err != nil {
		return "", err
	}
	if err := writeList(f, "warnings", p.Warnings); err != nil {
		return "", err
	}
	if err := writeList(f, "changes", p.Changes); err != nil {
		return "", err
	}
	if err := f.table("sourceFingerprints", p.SourceFingerprints); err != nil {
		return "", err
	}
	if err := f.table("targetFingerprints", p.TargetFingerprints); err != nil {
		return "", err
	}
	return f.content.checksum(), nil
}

// named writes one key with its value.
func (f *fileWriter) named(name string, value any, indent string) error {
	if err := f.marshal(name); err != nil {
		return err
	}
	f.content.key(name)
	f.raw(f.compact.String() + ": ")
	return f.value(value, indent)
}

// writeList writes a list element by element.
func writeList[T any](f *fileWriter, name string, list []T) error {
	f.raw(",\n  \"" + name + "\": [")
	f.content.key(name)
	for i := range list {
		f.raw(separator(i, "", "    "))
		if err := f.value(&list[i], "    "); err != nil {
			return fmt.Errorf("%s, element %d: %w", name, i+1, err)
		}
	}
	f.raw(closing(len(list), "]"))
	return nil
}

// table writes fingerprints in the order of their keys.
func (f *fileWriter) table(name string, fingerprints map[string]string) error {
	f.raw(",\n  \"" + name + "\": {")
	f.content.key(name)
	for i, key := range slices.Sorted(maps.Keys(fingerprints)) {
		f.raw(separator(i, "", "    "))
		if err := f.named(key, fingerprints[key], "    "); err != nil {
			return fmt.Errorf("%s of %s: %w", name, key, err)
		}
	}
	f.raw(closing(len(fingerprints), "}"))
	return nil
}

// separator gives what stands before the i-th element.
func separator(i int, open, indent string) string {
	if i == 0 {
		return open + "\n" + indent
	}
	return ",\n" + indent
}

// closing gives what stands after the last of n elements.
func closing(n int, bracket string) string {
	if n == 0 {
		return bracket
	}
	return "\n  " + bracket
}

// value writes and hashes one value.
func (f *fileWriter) value(v any, indent string) error {
	if err := f.marshal(v); err != nil {
		return err
	}
	f.content.value(f.compact.Bytes())
	f.pretty.Reset()
	if err := json.Indent(&f.pretty, f.compact.Bytes(), indent, "  "); err != nil {
		return err
	}
	if f.err == nil {
		_, f.err = f.out.Write(f.pretty.Bytes())
	}
	return nil
}

// marshal puts the compact form of v into f.compact.
func (f *fileWriter) marshal(v any) error {
	f.compact.Reset()
	if err := f.encoder.Encode(v); err != nil {
		return err
	}
	f.compact.Truncate(f.compact.Len() - 1) // the encoder ends with a line break
	if bytes.Contains(f.compact.Bytes(), []byte(escapedReplacement)) {
		fixed := replaceEscaped(f.compact.String())
		f.compact.Reset()
		f.compact.WriteString(fixed)
	}
	return nil
}

// replaceEscaped writes the replacement character, which the encoder puts in escaped form where text is
// not valid UTF-8, as itself. So it reads back to the same text, and the checksum holds.
func replaceEscaped(s string) string {
	var out strings.Builder
	for {
		i := strings.Index(s, escapedReplacement)
		if i < 0 {
			out.WriteString(s)
			return out.String()
		}
		slashes := i - len(strings.TrimRight(s[:i], `\`))
		if slashes%2 == 1 { // the backslash itself is escaped: this is text
			out.WriteString(s[:i+1])
			s = s[i+1:]
			continue
		}
		out.WriteString(s[:i] + "\uFFFD")
		s = s[i+len(escapedReplacement):]
	}
}

func (f *fileWriter) raw(s string) {
	if f.err == nil {
		_, f.err = io.WriteString(f.out, s)
	}
}
