package scimserver

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// send answers with a whole body.
func (x *exchange) send(status int, body []byte) error {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if len(body) > bigBody {
		x.writeDeadline()
		defer x.noWriteDeadline()
	}
	if _, err := x.w.Write(body); err != nil {
		return errors.Join(errClientGone, err)
	}
	return nil
}

// bigBody is what a connection takes without waiting for the reader.
const bigBody = 64 << 10

// errClientGone says that the answer had begun when the connection broke: there is nobody to tell.
var errClientGone = errors.New("the client is gone")

func (x *exchange) writeDeadline() {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(x.source.conf.Limits.Time))
}

func (x *exchange) noWriteDeadline() {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Time{})
}

// empty answers 204 or 304.
func (x *exchange) empty(status int) error {
	x.w.WriteHeader(status)
	return nil
}

// maxKeptBuffer is the largest buffer that is kept for the next answer.
const maxKeptBuffer = 1 << 20

// chunkedAnswer writes an answer in chunks, so that one of any size takes the memory of a chunk. A small answer goes
// out whole with its length.
type chunkedAnswer struct {
	x      *exchange
	status int
	out    []byte // what is not sent yet
	begun  bool
}

func (x *exchange) chunked(status int) *chunkedAnswer {
	if buffer, ok := x.server.buffers.Get().(*[]byte); ok {
		return &chunkedAnswer{x: x, status: status, out: (*buffer)[:0]}
	}
	return &chunkedAnswer{x: x, status: status, out: make([]byte, 0, 4<<10)}
}

// release keeps the memory of a buffer for the next answer: a large group would let it grow each time anew.
func (c *chunkedAnswer) release() {
	if cap(c.out) <= maxKeptBuffer {
		c.x.server.buffers.Put(&c.out)
	}
}

// flushIfLarge sends what has gathered once it is worth a write.
func (c *chunkedAnswer) flushIfLarge() error {
	if len(c.out) < bigBody {
		return nil
	}
	return c.flush()
}

// flush sends what has gathered. A reader who takes nothing for the time of a request is given up.
func (c *chunkedAnswer) flush() error {
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
func (c *chunkedAnswer) close(err error) error {
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
