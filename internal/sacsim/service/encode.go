package service

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
)

// rawJSON is a document that is encoded already, in pieces that never change. Teams are: each change of
// one is answered with all its members, which are encoded once and then only added to.
type rawJSON [][]byte

// PieceWriter is a ResponseWriter that may keep the pieces of a body, since they never change.
type PieceWriter interface {
	http.ResponseWriter
	WritePieces(pieces ...[]byte)
}

// writeTo writes the document and a line end.
func (doc rawJSON) writeTo(w http.ResponseWriter) {
	doc = append(doc, []byte("\n"))
	if pieces, ok := w.(PieceWriter); ok {
		pieces.WritePieces(doc...)
		return
	}
	for _, piece := range doc {
		_, _ = w.Write(piece) // a client that hung up is none of the tenant's business
	}
}

// appendJSON appends v without a final newline. Documents of the tenant are plain structs, lists and
// texts, which can't fail to encode.
func appendJSON(b []byte, v any) []byte {
	w := bytes.NewBuffer(b)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return bytes.TrimSuffix(w.Bytes(), []byte("\n"))
}

// appendText appends a string; the usual ones need no look at their letters.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendJSON(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// splice joins two objects to one, with a list between them whose items are each followed by a comma.
// A nil list is left out.
func splice(head any, key string, list [][]byte, tail any) rawJSON {
	open := appendJSON(nil, head)
	open = open[:len(open)-1]
	end := appendJSON(nil, tail)[1:] // at least the brace
	if len(end) > 1 {
		end = append([]byte(","), end...)
	}
	if list == nil {
		return rawJSON{open, end}
	}
	if n := len(list); n > 0 {
		list[n-1] = bytes.TrimSuffix(list[n-1], []byte(","))
	}
	doc := rawJSON{append(open, `,"`+key+`":[`...)}
	return append(append(doc, list...), append([]byte("]"), end...))
}

// memberSize is about what one member takes.
const memberSize = 180

// appendMemberV1 appends a member as v1 shows it, and a comma.
func appendMemberV1(b []byte, u *user) []byte {
	b = append(b, `{"type":"User","value":`...)
	b = appendText(b, u.id)
	b = append(b, `,"$ref":`...)
	b = appendText(b, v1Base+"/Users/"+pathID(u.id))
	return append(b, '}', ',')
}

// appendMember appends a member as v2 and v3 show it, and a comma.
func appendMember(b []byte, base string, u *user) []byte {
	b = append(b, `{"value":"`...)
	b = append(b, u.uuid...)
	b = append(b, '"')
	if u.display != "" {
		b = append(b, `,"display":`...)
		b = appendText(b, u.display)
	}
	b = append(b, `,"$ref":"`...)
	b = append(b, base...)
	b = append(b, "/Users/"...)
	b = append(b, u.uuid...)
	return append(b, `","type":"User"},`...)
}

func appendMembers(b []byte, base string, users iter.Seq[*user]) []byte {
	for u := range users {
		b = appendMember(b, base, u)
	}
	return b
}

// joined is a page of documents that are encoded already.
func joined(head any, rows []rawJSON) rawJSON {
	list := make([][]byte, 0, 4*len(rows))
	for _, row := range rows {
		list = append(append(list, row...), []byte(","))
	}
	return splice(head, "Resources", list, struct{}{})
}
