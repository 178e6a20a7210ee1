package scimserver

import (
	"errors"
	"net/http"
)

// largestPiece is how many bytes of a piece are kept for the next answer.
const largestPiece = 1 << 20

// chunks writes an answer in pieces, so that one of any size takes the memory of a piece. A small answer goes out whole
// with its length.
type chunks struct {
	x      *exchange
	status int
	out    []byte // what is not sent yet
	begun  bool
}

func (x *exchange) chunks(status int) *chunks {
	if piece, ok := x.server.pieces.Get().(*[]byte); ok {
		return &chunks{x: x, status: status, out: (*piece)[:0]}
	}
	return &chunks{x: x, status: status, out: make([]byte, 0, 4<<10)}
}

// release keeps the memory of a piece for the next answer: a large group would let it grow each time anew.
func (c *chunks) release() {
	if cap(c.out) <= largestPiece {
		c.x.server.pieces.Put(&c.out)
	}
}

// spill sends what has gathered once it is worth a write.
func (c *chunks) spill() error {
	if len(c.out) < bigBody {
		return nil
	}
	return c.flush()
}

// flush sends what has gathered. A reader who takes nothing for the time of a request is given up.
func (c *chunks) flush() error {
	if !c.begun {
		c.begun = true
		c.x.w.Header().Set("Content-Type", contentType)
		c.x.w.WriteHeader(c.status)
	}
	c.x.writeDeadline()
	_, err := c.x.w.Write(c.out)
	c.out = c.out[:0]
	return err
}

// close sends the rest. A fault after the beginning cuts the connection: the status is out, and a shortened list would
// read as a smaller one.
func (c *chunks) close(err error) error {
	defer c.release()
	if !c.begun {
		if err != nil {
			return err
		}
		return c.x.send(c.status, c.out)
	}
	defer c.x.noWriteDeadline()
	if err = errors.Join(err, c.flush()); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
