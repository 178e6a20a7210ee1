package cli

// Painter colours text, or leaves it alone where it is false.
type Painter bool

// The colours, as ANSI codes.
const (
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Bold   = "1"
)

// In gives s in a colour.
func (p Painter) In(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Paint tells how Out is coloured.
func (w *Environment) Paint() Painter { return Painter(w.Color(w.OutTerminal)) }
