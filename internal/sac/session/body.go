package session

import (
	"bufio"
	"context"
	"errors"
	"io"
)

var errTooLarge = errors.New("the answer is larger than the limit")

// boundedBody is the unpacked body of an answer. It ends with errTooLarge beyond the limit and with the
// context's error once that is over, also where everything packed has arrived already and unpacking it is all
// that is left to do.
type boundedBody struct {
	ctx  context.Context
	r    io.Reader
	left int64 // bytes
}

// Read reads at most what is left of the limit.
func (b *boundedBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}

// blankSqueezer makes one blank of the many between two tokens of JSON. A json.Decoder looks at a run of blanks
// from its beginning with each part that arrives, which takes quadratic time: 72 s for 63 MiB, which gzip packs
// into 64 KB.
type blankSqueezer struct {
	r        *bufio.Reader
	inString bool
	escaped  bool // the character before was a backslash within a string
	blank    bool // the last byte that was handed on is a blank between tokens
}

// Read hands on what arrives, at least one byte unless there is an error.
func (s *blankSqueezer) Read(p []byte) (int, error) {
	for len(p) > 0 {
		n, err := s.r.Read(p)
		if n = s.squeeze(p[:n]); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// squeeze leaves the repeated blanks out of p, in place, and returns how much is left.
func (s *blankSqueezer) squeeze(p []byte) int {
	kept := 0
	for _, c := range p {
		if s.repeatsBlank(c) {
			continue
		}
		p[kept] = c
		kept++
	}
	return kept
}

func (s *blankSqueezer) repeatsBlank(c byte) bool {
	switch {
	case s.escaped:
		s.escaped = false
	case s.inString:
		s.escaped, s.inString = c == '\\', c != '"'
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		repeated := s.blank
		s.blank = true
		return repeated
	default:
		s.blank, s.inString = false, c == '"'
	}
	return false
}
