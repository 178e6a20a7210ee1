package main

import (
	"fmt"
	"io"
	"strings"
)

// painter colours text, or leaves it alone where it is false.
type painter bool

// The colours, as ANSI codes.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	bold   = "1"
	faint  = "2"
)

func (p painter) in(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// lines writes text and keeps the first error, so that a view need not check each line.
type lines struct {
	w   io.Writer
	err error
}

// f writes one formatted line.
func (l *lines) f(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format+"\n", args...)
	}
}

// cut shortens s to n characters, so that a line that is redrawn in place does not wrap; n below 1 leaves
// it alone.
func cut(s string, n int) string {
	if runes := []rune(s); n > 0 && len(runes) > n {
		return string(runes[:n])
	}
	return s
}

// some joins up to most of items and says how many more there are.
func some(items []string, most int) string {
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
}
