package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

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

// WriteJSON writes v indented, with a line end, and with <, > and & as they are.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
