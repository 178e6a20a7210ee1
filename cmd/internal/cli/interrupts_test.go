package cli

import (
	"bytes"
	"io"
	"testing"
)

// Trial 2: nothing was said until the call in hand had ended, and a second Ctrl-C left no word at all.
func TestInterruptsAreAcknowledgedWhileARunIsWriting(t *testing.T) {
	t.Parallel()
	const stopping = "\nStopping: finishing the call in hand, nothing new is sent. Press Ctrl-C again to abandon it.\n"
	const abandoned = "\nAbandoned: what was sent may have taken effect. Look and go on with: transport runs resume run-1\n"
	for name, c := range map[string]struct {
		runID   string
		signals int
		said    string
		exits   []int
	}{
		"one":                     {"run-1", 1, stopping, nil},
		"two":                     {"run-1", 2, stopping + abandoned, []int{ExitInterrupted}},
		"one, and nothing writes": {"", 1, "", nil},
		"two, and nothing writes": {"", 2, "", []int{ExitInterrupted}},
	} {
		var said bytes.Buffer
		var exits []int
		cancelled := 0
		i := NewInterrupts("transport", &said)
		i.exit = func(code int) { exits = append(exits, code) }
		i.RunStarted(c.runID)
		for range c.signals {
			i.answer(func() { cancelled++ })
		}
		if said.String() != c.said || len(exits) != len(c.exits) || len(exits) > 0 && exits[0] != c.exits[0] || cancelled == 0 {
			t.Errorf("%s: said %q, exits %v, cancelled %d times", name, said.String(), exits, cancelled)
		}
	}
	i := NewInterrupts("transport", io.Discard)
	i.RunStarted("run-1")
	i.RunEnded()
	if i.runID != "" {
		t.Error("a run that has ended is still taken for writing")
	}
}
