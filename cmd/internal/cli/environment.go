package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"sacbridge/internal/config"
)

// Environment is what a command works in: streams, clock and variables of the process, and the flags of every command.
// Tests give it buffers. It is not changed once the command line is read.
type Environment struct {
	In  io.Reader
	Out io.Writer           // data
	Err io.Writer           // talk
	Env func(string) string // the variable of a name
	Now func() time.Time

	Ask         bool // there is a person at a terminal who can answer
	OutTerminal bool // Out is a terminal that knows escape sequences
	ErrTerminal bool // Err is a terminal that knows escape sequences
	ErrWidth    int  // of Err in characters; 0 where it is no terminal

	Called string // the name by which the program was called (see CalledAs); empty for its own
	rename func(string) string

	Interrupts *Interrupts // told which run is writing; may be nil

	Config  string // --config
	Quiet   bool   // --quiet
	NoColor bool   // --no-color
}

// ThisProcess gives the environment of the running process.
func ThisProcess() Environment {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	w := Environment{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Now: time.Now,
		Ask:         isTerminal(os.Stderr) && isTerminal(os.Stdin),
		OutTerminal: isTerminal(os.Stdout) && knowsEscapes(os.Stdout),
		ErrTerminal: isTerminal(os.Stderr) && knowsEscapes(os.Stderr),
	}
	if width, _, err := term.GetSize(int(os.Stderr.Fd())); err == nil {
		w.ErrWidth = width
	}
	return w
}

// AddFlags binds the flags of every command. quiet says in help what --quiet leaves out.
func (w *Environment) AddFlags(f *pflag.FlagSet, quiet string) {
	f.StringVar(&w.Config, "config", "", "configuration `FILE` (default $SACBRIDGE_CONFIG, then ./sacbridge.yaml)")
	f.BoolVarP(&w.Quiet, "quiet", "q", false, quiet)
	f.BoolVar(&w.NoColor, "no-color", false, "no colours (as NO_COLOR in the environment)")
}

// Say writes a line of talk, unless --quiet.
func (w *Environment) Say(format string, args ...any) {
	if !w.Quiet {
		w.Tell(format, args...)
	}
}

// Tell writes a line on Err. Where even that fails there is nobody left to be told.
func (w *Environment) Tell(format string, args ...any) {
	_, _ = fmt.Fprintln(w.Err, w.AsCalled(fmt.Sprintf(format, args...)))
}

// AsCalled gives a text in which command lines have the name by which the program was called.
func (w *Environment) AsCalled(text string) string {
	if w.rename == nil {
		return text
	}
	return w.rename(text)
}

func (w *Environment) called(own string) string {
	if w.Called == "" {
		return own
	}
	return w.Called
}

// Color says whether to colour what goes to a stream, given whether that is a terminal.
func (w *Environment) Color(terminal bool) bool {
	return terminal && !w.NoColor && w.Env("NO_COLOR") == ""
}

// LoadConfig reads the configuration that --config, the environment or the working folder names, and tells its
// warnings. found is false where nothing names one. A file that cannot be used is an error with code 2.
func (w *Environment) LoadConfig() (c *config.Config, found bool, err error) {
	path, found := config.Find(w.Config, w.Env)
	if !found {
		return nil, false, nil
	}
	c, warnings, err := config.Load(path)
	for _, warning := range warnings {
		w.Tell("warning: %s", Clean(warning.String(), false))
	}
	return c, true, Coded(ExitUsage, err)
}
