package show

import (
	"sacbridge/cmd/internal/cli"
)

// Level says how bad a finding is.
type Level string

// The levels of a finding.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "fail"
)

// CheckResult is one thing that was looked at.
type CheckResult struct {
	Tenant string `json:"tenant,omitempty"` // empty: this machine
	Step   string `json:"step"`
	Level  Level  `json:"level"`
	Text   string `json:"text"`
	Cure   string `json:"cure,omitempty"`

	Code int `json:"-"` // the exit code of a failure; 0 where it has none of its own
}

// about names what a finding is about.
func (f CheckResult) about() string {
	if f.Tenant == "" {
		return "this machine"
	}
	return "tenant " + f.Tenant
}

// CheckResults shows the results, those of one tenant together, each cure at the first one that needs it.
func CheckResults(w *cli.Environment, found []CheckResult, output cli.Output) error {
	if output == cli.AsJSON {
		return cli.WriteJSON(w.Out, found)
	}
	l := &cli.Lines{W: w.Out}
	about, told := "", map[string]bool{}
	for _, f := range found {
		if f.about() != about {
			about = f.about()
			l.Line("%s", w.Paint().In(cli.Bold, about))
		}
		colour := map[Level]string{OK: cli.Green, Warn: cli.Yellow, Fail: cli.Red}[f.Level]
		l.Line("  %s %s %s", w.Paint().In(colour, cli.Pad(string(f.Level), 4)), cli.Pad(f.Step, 13), cli.Clean(f.Text, false))
		if f.Cure != "" && f.Level != OK && !told[f.Cure] {
			told[f.Cure] = true
			l.Line("       %s cure: %s", cli.Pad("", 13), cli.Clean(f.Cure, false))
		}
	}
	return l.Err
}

// Worst gives the error of the first failure with an exit code of its own, else of the first failure.
func Worst(found []CheckResult) error {
	var first error
	for _, f := range found {
		if f.Level != Fail {
			continue
		}
		name := f.Tenant
		if name == "" {
			name = f.about()
		}
		if f.Code != 0 {
			return cli.Codef(f.Code, "%s: %s: %s", name, f.Step, f.Text)
		}
		if first == nil {
			first = cli.Codef(cli.ExitPartial, "%s: %s: %s", name, f.Step, f.Text)
		}
	}
	return first
}
