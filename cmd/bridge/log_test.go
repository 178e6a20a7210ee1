package main

import (
	"strings"
	"syscall"
	"testing"
)

// fullFile takes so many bytes.
type fullFile struct {
	text strings.Builder
	room int
}

func (f *fullFile) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	f.text.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

// Trial 15: a log on a full disk loses what it cannot write, and goes on by whole lines once there is room.
func TestTrial15ALogGoesOnAfterItsDiskWasFull(t *testing.T) {
	t.Parallel()
	file := &fullFile{room: 25}
	l := newLogs(file, true, false, false)
	say := func(text string) {
		l.access.Info(text)
		l.buffer.flush()
	}
	for range 10 {
		say("lost")
	}
	l.server.Info("lost too")
	if n := l.buffer.failures(); n != 11 {
		t.Errorf("%d failures are counted, want 11", n)
	}
	file.room = 1 << 20
	say("kept one")
	say("kept two")
	lines := strings.Split(strings.TrimSpace(file.text.String()), "\n")
	if len(lines) != 3 || len(lines[0]) != 25 || !strings.Contains(lines[1], "kept one") || !strings.HasPrefix(lines[1], "{") || !strings.Contains(lines[2], "kept two") {
		t.Errorf("the log has %q, want half a line, then two whole ones", lines)
	}
}
