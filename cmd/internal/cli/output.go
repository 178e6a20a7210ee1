package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// Output is the flag -o: a table for people or JSON for programs.
type Output string

// The choices of Output.
const (
	AsTable Output = "table"
	AsJSON  Output = "json"
)

// Add binds the flag -o of a command to o, with the table as its default.
func (o *Output) Add(f *pflag.FlagSet) {
	*o = AsTable
	f.VarP(o, "output", "o", "table or json")
}

// String gives the choice.
func (o *Output) String() string { return string(*o) }

// Set takes table or json.
func (o *Output) Set(s string) error {
	if choice := Output(s); choice == AsTable || choice == AsJSON {
		*o = choice
		return nil
	}
	return errors.New("use table or json")
}

// Type names the value in help.
func (*Output) Type() string { return "table|json" }

// WriteJSON writes v indented, with a line end, and with <, > and & as they are. What cannot be seen is escaped, so that
// a terminal or an editor shows it.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(Visible(w))
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// Visible gives a writer of JSON that escapes what cannot be seen. Beyond ASCII there are characters in texts only, where
// an escape means the same.
func Visible(w io.Writer) io.Writer { return &visible{w: w} }

type visible struct {
	w    io.Writer
	part []byte // of a character that the next Write ends
}

// Write implements io.Writer.
func (v *visible) Write(p []byte) (int, error) {
	text := p
	if len(v.part) > 0 {
		text = append(v.part, p...)
		v.part = nil
	}
	if cut := len(text) - partial(text); cut < len(text) {
		v.part = append([]byte{}, text[cut:]...)
		text = text[:cut]
	}
	if _, err := v.w.Write(escapeInvisible(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// partial gives the length of a character at the end of text that is not whole yet.
func partial(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if last[0] >= utf8.RuneSelf && !utf8.FullRune(last) {
				return n
			}
			return 0
		}
	}
	return 0
}

func escapeInvisible(text []byte) []byte {
	hidden := func(r rune) bool { return r >= 0x7f && isInvisible(r) }
	i := bytes.IndexFunc(text, hidden)
	if i < 0 {
		return text
	}
	var b bytes.Buffer
	for ; i >= 0; i = bytes.IndexFunc(text, hidden) {
		r, size := utf8.DecodeRune(text[i:])
		b.Write(text[:i])
		b.WriteString(escaped(r))
		text = text[i+size:]
	}
	b.Write(text)
	return b.Bytes()
}
