package store

import (
	"encoding/binary"
	"fmt"
	"time"

	"sacbridge/internal/directory"
)

// The first bytes of what a directory stores.
const (
	formatRecord  = 2
	formatEvent   = 3
	formatDeleted = 4
)

// The flags of a record.
const (
	flagActive = 1 << iota
	flagHasActive
	flagMoreEmail
	flagBlank
)

// IDLen is the length of an id in keys.
const IDLen = len(directory.ID{})

// EncodeRecord gives a record as bytes: format, length of the header, header, JSON. The id stands in the
// key.
func EncodeRecord(r *directory.Record) []byte {
	h := &r.Header
	head := make([]byte, 0, 256)
	head = append(head, byte(h.Kind), flags(h))
	head = binary.AppendUvarint(head, h.Revision)
	head = binary.AppendUvarint(head, uint64(h.Last))
	head = appendTime(head, h.Created)
	head = appendTime(head, h.Modified)
	head = binary.AppendUvarint(head, uint64(max(h.Members, 0)))
	for _, text := range [...]string{h.ExternalID, h.DisplayName, h.UserName, h.GivenName, h.FamilyName, h.UserType, h.Department, h.Manager} {
		head = appendText(head, text)
	}
	head = binary.AppendUvarint(head, uint64(len(h.Emails)))
	for _, e := range h.Emails {
		head = append(appendText(appendText(head, e.Value), e.Type), bit(e.Primary))
	}
	out := make([]byte, 0, 1+binary.MaxVarintLen32+len(head)+len(r.JSON))
	out = binary.AppendUvarint(append(out, formatRecord), uint64(len(head)))
	return append(append(out, head...), r.JSON...)
}

func flags(h *directory.Header) byte {
	return flagActive*bit(h.Active) | flagHasActive*bit(h.HasActive) | flagMoreEmail*bit(h.EmailsIncomplete) | flagBlank*bit(h.EmptyTexts)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// split parts a record into its header and its JSON, both of raw.
func split(raw []byte) (head, body []byte, err error) {
	if len(raw) == 0 || raw[0] != formatRecord {
		return nil, nil, fmt.Errorf("directory record: %w", ErrFormat)
	}
	size, n := binary.Uvarint(raw[1:])
	if n <= 0 || size > uint64(len(raw)) || len(raw)-1-n < int(size) { //nolint:gosec // compared first
		return nil, nil, fmt.Errorf("directory record: header length: %w", ErrFormat)
	}
	head = raw[1+n:]
	return head[:size:size], head[size:], nil
}

// DecodeHeader reads the header of a record of EncodeRecord. It keeps nothing of raw.
func DecodeHeader(id directory.ID, raw []byte) (directory.Header, error) {
	head, _, err := split(raw)
	if err != nil {
		return directory.Header{}, err
	}
	return readHeader(id, head)
}

// DecodeRecord reads a record of EncodeRecord. Its JSON is part of raw.
func DecodeRecord(id directory.ID, raw []byte) (directory.Record, error) {
	head, body, err := split(raw)
	if err != nil {
		return directory.Record{}, err
	}
	h, err := readHeader(id, head)
	return directory.Record{Header: h, JSON: body}, err
}

func readHeader(id directory.ID, head []byte) (directory.Header, error) {
	r := reader{unread: string(head)} // one copy, of which all texts are parts
	h := directory.Header{ID: id, Kind: directory.Kind(r.octet())}
	marks := r.octet()
	h.Active, h.HasActive, h.EmailsIncomplete, h.EmptyTexts = marks&flagActive != 0, marks&flagHasActive != 0, marks&flagMoreEmail != 0, marks&flagBlank != 0
	h.Revision, h.Last = r.number(), directory.Seq(r.number())
	h.Created, h.Modified = r.moment(), r.moment()
	h.Members = int64(r.number()) //nolint:gosec // EncodeRecord wrote an int64
	for _, text := range [...]*string{&h.ExternalID, &h.DisplayName, &h.UserName, &h.GivenName, &h.FamilyName, &h.UserType, &h.Department, &h.Manager} {
		*text = r.text()
	}
	if n := r.count(3); n > 0 {
		h.Emails = make([]directory.Email, n)
	}
	for i := range h.Emails {
		h.Emails[i] = directory.Email{Value: r.text(), Type: r.text(), Primary: r.octet() != 0}
	}
	if err := r.end(); err != nil {
		return directory.Header{}, fmt.Errorf("header of %s: %w", id, err)
	}
	return h, nil
}

// EncodeEvent gives an event as bytes, without its number, which is the key.
func EncodeEvent(e *directory.Event) []byte {
	out := make([]byte, 0, 64+IDLen*(len(e.Added)+len(e.Removed)))
	out = append(out, formatEvent, byte(e.Op), byte(e.Kind))
	out = append(out, e.ID[:]...)
	out = binary.AppendUvarint(binary.AppendUvarint(out, e.Revision), uint64(e.Prev))
	out = appendTime(out, e.At)
	out = appendText(out, e.By)
	out = binary.AppendUvarint(out, uint64(len(e.Changed)))
	for _, attr := range e.Changed {
		out = appendText(out, attr)
	}
	return appendIDs(appendIDs(out, e.Added), e.Removed)
}

// DecodeEvent reads an event of EncodeEvent. It keeps nothing of raw.
func DecodeEvent(seq directory.Seq, raw []byte) (directory.Event, error) {
	if len(raw) == 0 || raw[0] != formatEvent {
		return directory.Event{}, fmt.Errorf("event %d: %w", seq, ErrFormat)
	}
	r := reader{unread: string(raw[1:])}
	e := directory.Event{Seq: seq, Op: directory.Op(r.octet()), Kind: directory.Kind(r.octet()), ID: r.id()}
	e.Revision, e.Prev, e.At, e.By = r.number(), directory.Seq(r.number()), r.moment(), r.text()
	if n := r.count(1); n > 0 {
		e.Changed = make([]string, n)
	}
	for i := range e.Changed {
		e.Changed[i] = r.text()
	}
	e.Added, e.Removed = r.ids(), r.ids()
	if err := r.end(); err != nil {
		return directory.Event{}, fmt.Errorf("event %d: %w", seq, err)
	}
	return e, nil
}

// EncodeDeleted gives a deleted record with what it takes to restore it.
func EncodeDeleted(d *directory.DeletedRecord) []byte {
	out := append(make([]byte, 0, 512+len(d.JSON)), formatDeleted, bit(d.Purging))
	out = appendText(appendTime(out, d.At), d.By)
	out = binary.AppendUvarint(out, uint64(len(d.Groups)))
	for _, e := range d.Groups {
		out = appendText(append(append(out, e.Group[:]...), byte(e.Kind)), e.Display)
	}
	return append(out, EncodeRecord(&d.Record)...)
}

// DecodeDeleted reads a record of EncodeDeleted. Its JSON is its own.
func DecodeDeleted(id directory.ID, raw []byte) (directory.DeletedRecord, error) {
	if len(raw) == 0 || raw[0] != formatDeleted {
		return directory.DeletedRecord{}, fmt.Errorf("deleted record %s: %w", id, ErrFormat)
	}
	r := reader{unread: string(raw[1:])}
	d := directory.DeletedRecord{Purging: r.octet() != 0, At: r.moment(), By: r.text()}
	if n := r.count(IDLen + 2); n > 0 {
		d.Groups = make([]directory.MemberEdge, n)
	}
	for i := range d.Groups {
		d.Groups[i] = directory.MemberEdge{Group: r.id(), Member: id, Kind: directory.Kind(r.octet()), Display: r.text()}
	}
	if r.bad {
		return directory.DeletedRecord{}, fmt.Errorf("deleted record %s: %w", id, ErrFormat)
	}
	var err error
	d.Record, err = DecodeRecord(id, []byte(r.unread))
	return d, err
}

// EncodeEdge gives what is kept with a membership beside its two ids.
func EncodeEdge(e directory.MemberEdge) []byte { return append([]byte{byte(e.Kind)}, e.Display...) }

// DecodeEdge reads a value of EncodeEdge. It keeps nothing of raw.
func DecodeEdge(group, member directory.ID, raw []byte) (directory.MemberEdge, error) {
	kind, display, err := DecodeMember(group, member, raw)
	if err != nil {
		return directory.MemberEdge{}, err
	}
	return directory.MemberEdge{Group: group, Member: member, Kind: kind, Display: string(display)}, nil
}

// DecodeMember reads a value of EncodeEdge in place: display is part of raw.
func DecodeMember(group, member directory.ID, raw []byte) (kind directory.Kind, display []byte, err error) {
	if len(raw) == 0 {
		return 0, nil, fmt.Errorf("member %s of %s: %w", member, group, ErrFormat)
	}
	return directory.Kind(raw[0]), raw[1:], nil
}

func appendTime(out []byte, at time.Time) []byte {
	return binary.AppendUvarint(out, uint64(max(at.UnixMilli(), 0)))
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

func appendIDs(out []byte, ids []directory.ID) []byte {
	out = binary.AppendUvarint(out, uint64(len(ids)))
	for _, id := range ids {
		out = append(out, id[:]...)
	}
	return out
}
