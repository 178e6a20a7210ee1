package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// The flags of pages and elements of bbolt, and the length of an element in a page's table.
const (
	branchPage    = 0x01
	leafPage      = 0x02
	bucketElement = 0x01
	elementLen    = 16
	bucketHead    = 16 // root page and sequence number, in front of an inline page where the root is 0
)

// treeCheck follows all pages from the root, without mapping the file. It finds whatever bbolt would
// panic on: pages that are none, are outside the file or used twice, tables that point outside their page,
// keys out of order.
type treeCheck struct {
	file io.ReaderAt
	meta metaRecord
	seen []uint64 // a bit for each page: none is reached twice
	buf  []byte   // of one page
}

// childPage is a page to check, and the keys between which its own stand: low included, high not.
type childPage struct {
	id        uint64
	low, high []byte
}

// checkTree checks all pages that the file uses.
func checkTree(file io.ReaderAt, meta metaRecord) error {
	c := &treeCheck{file: file, meta: meta, seen: make([]uint64, meta.pages/64+1), buf: make([]byte, meta.pageSize)}
	return c.page(childPage{id: meta.root})
}

func (c *treeCheck) damaged(id uint64, format string, args ...any) error {
	return fmt.Errorf("page %d %s: %w", id, fmt.Sprintf(format, args...), ErrDamaged)
}

// page checks one page and those below it.
func (c *treeCheck) page(at childPage) error {
	body, err := c.read(at.id)
	if err != nil {
		return err
	}
	children, err := c.elements(at, body)
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := c.page(child); err != nil {
			return err
		}
	}
	return nil
}

// read reads a page with its overflow. What it gives is valid until the next read.
func (c *treeCheck) read(id uint64) ([]byte, error) {
	if id < 2 || id >= c.meta.pages {
		return nil, c.damaged(id, "is outside the file")
	}
	if c.seen[id/64]&(1<<(id%64)) != 0 {
		return nil, c.damaged(id, "is used twice")
	}
	c.seen[id/64] |= 1 << (id % 64)
	at := int64(id) * int64(c.meta.pageSize) //nolint:gosec // inside the file
	if _, err := c.file.ReadAt(c.buf, at); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	order := binary.NativeEndian
	flags, overflow := order.Uint16(c.buf[8:]), uint64(order.Uint32(c.buf[12:]))
	if got := order.Uint64(c.buf); got != id || flags != branchPage && flags != leafPage || id+overflow >= c.meta.pages {
		return nil, c.damaged(id, "calls itself page %d of kind %d", got, flags)
	}
	if overflow == 0 {
		return c.buf, nil
	}
	for more := id + 1; more <= id+overflow; more++ {
		if c.seen[more/64]&(1<<(more%64)) != 0 {
			return nil, c.damaged(more, "is used twice")
		}
		c.seen[more/64] |= 1 << (more % 64)
	}
	body := make([]byte, (1+overflow)*uint64(c.meta.pageSize))
	_, err := c.file.ReadAt(body, at)
	return body, err
}

// elements checks the table of a page, or of an inline page, and gives the pages below.
func (c *treeCheck) elements(at childPage, body []byte) (children []childPage, err error) {
	order := binary.NativeEndian
	flags, count := order.Uint16(body[8:]), int(order.Uint16(body[10:]))
	if pageHead+count*elementLen > len(body) || flags == branchPage && count == 0 {
		return nil, c.damaged(at.id, "has %d elements", count)
	}
	last := at.low
	for n := range count {
		key, value, element, ok := elementAt(body, n, flags)
		if !ok {
			return nil, c.damaged(at.id, "has an element behind its end")
		}
		if order := bytes.Compare(last, key); order > 0 || order == 0 && n > 0 || at.high != nil && bytes.Compare(key, at.high) >= 0 {
			return nil, c.damaged(at.id, "has keys out of order")
		}
		last = key
		if flags == branchPage {
			if key = bytes.Clone(key); n > 0 {
				children[n-1].high = key
			}
			children = append(children, childPage{id: order.Uint64(element[8:]), low: key, high: at.high})
		} else if order.Uint32(element)&bucketElement != 0 {
			if children, err = c.bucket(at.id, value, children); err != nil {
				return nil, err
			}
		}
	}
	return children, nil
}

// elementAt gives the parts of an element: of a branch key and page, of a leaf key and value.
func elementAt(body []byte, n int, flags uint16) (key, value, element []byte, ok bool) {
	order := binary.NativeEndian
	at := pageHead + n*elementLen
	element = body[at : at+elementLen]
	var start, keyLen, valueLen uint64
	if flags == branchPage {
		start, keyLen = uint64(order.Uint32(element)), uint64(order.Uint32(element[4:]))
	} else {
		start, keyLen, valueLen = uint64(order.Uint32(element[4:])), uint64(order.Uint32(element[8:])), uint64(order.Uint32(element[12:]))
	}
	rest := body[at:]
	if start+keyLen+valueLen > uint64(len(rest)) {
		return nil, nil, nil, false
	}
	return rest[start : start+keyLen], rest[start+keyLen : start+keyLen+valueLen], element, true
}

// bucket adds the root page of a bucket, or checks the page of a small one, which stands in its parent's.
func (c *treeCheck) bucket(id uint64, value []byte, children []childPage) ([]childPage, error) {
	order := binary.NativeEndian
	if len(value) < bucketHead {
		return nil, c.damaged(id, "has a bucket of %d bytes", len(value))
	}
	if root := order.Uint64(value); root != 0 {
		return append(children, childPage{id: root}), nil
	}
	page := value[bucketHead:]
	if len(page) < pageHead || order.Uint16(page[8:]) != leafPage {
		return nil, c.damaged(id, "has a bucket that is no page")
	}
	nested, err := c.elements(childPage{id: id}, page)
	if err == nil && len(nested) > 0 {
		err = c.damaged(id, "has a bucket within a small one")
	}
	return children, err
}
