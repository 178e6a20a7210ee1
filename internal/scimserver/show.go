package scimserver

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// timeFormat has the milliseconds that the directory keeps, so that what is shown compares equal to itself.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// show answers with one resource; a group is streamed where it has more members than fit a page of memory.
func (x *exchange) show(status int, f *directory.Found, v *view) error {
	if v.kind == scim.Group() && v.includes("members") && f.Members > 0 {
		return x.stream(status, f, v)
	}
	body, err := v.appendResource(make([]byte, 0, len(f.JSON)+512), f)
	if err != nil {
		return err
	}
	return x.send(status, body)
}

// appendResource writes a resource without members. Where the client named no attributes, the stored bytes are taken as they
// are and what is not stored is put behind them: nothing is decoded.
func (v *view) appendResource(dst []byte, f *directory.Found) ([]byte, error) {
	if v.projection != nil {
		return v.appendProjected(dst, f)
	}
	if len(f.JSON) <= len(`{}`) || f.JSON[len(f.JSON)-1] != '}' {
		return nil, fmt.Errorf("stored %s %s is no JSON object", f.Kind, f.ID)
	}
	dst = append(append(append(dst, `{"id":"`...), f.ID.String()...), `",`...)
	dst = append(dst, f.JSON[1:len(f.JSON)-1]...)
	if len(f.Groups) > 0 {
		dst = append(dst, `,"groups":[`...)
		for i, g := range f.Groups {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.appendGroupRef(dst, g)
		}
		dst = append(dst, ']')
	}
	return append(v.appendMeta(append(dst, ','), f), '}'), nil
}

func (v *view) appendGroupRef(dst []byte, g directory.GroupRef) []byte {
	id := g.ID.String()
	dst = append(append(append(dst, `{"value":"`...), id...), `","$ref":`...)
	dst = appendString(dst, v.source.root+"/Groups/"+id)
	dst = append(appendString(append(dst, `,"display":`...), g.Display), `,"type":"direct"}`...)
	return dst
}

func (v *view) appendMeta(dst []byte, f *directory.Found) []byte {
	dst = append(append(append(dst, `"meta":{"resourceType":"`...), v.kind.Name...), `","created":"`...)
	dst = append(f.Created.UTC().AppendFormat(dst, timeFormat), `","lastModified":"`...)
	dst = append(f.Modified.UTC().AppendFormat(dst, timeFormat), `","location":`...)
	dst = append(appendString(dst, v.location(f.ID)), `,"version":"W/\"`...)
	return append(strconv.AppendUint(dst, f.Revision, 10), `\""}`...)
}

// appendProjected decodes the resource and shows the part the client asked for.
func (v *view) appendProjected(dst []byte, f *directory.Found) ([]byte, error) {
	res, err := f.Resource()
	if err != nil {
		return nil, fmt.Errorf("read stored %s %s: %w", f.Kind, f.ID, err)
	}
	res.SetCommon(f.ID.String(), scim.Meta{
		Created: f.Created.UTC().Truncate(time.Millisecond), Modified: f.Modified.UTC().Truncate(time.Millisecond),
		Location: v.location(f.ID), Version: directory.ETag(f.Revision),
	})
	if len(f.Groups) > 0 {
		groups := make([]any, len(f.Groups))
		for i, g := range f.Groups {
			id := g.ID.String()
			groups[i] = map[string]any{"value": id, "$ref": v.source.root + "/Groups/" + id, "display": g.Display, "type": "direct"}
		}
		res.Attrs["groups"] = groups
	}
	return scim.Project(res, v.projection).AppendJSON(dst), nil
}

// How many members are read at once: no read of the store lasts while a client is slow. The first batch is small, so
// that the answer begins early.
const (
	firstBatch  = 100
	memberBatch = 2000
)

// eachBatch shows the members of a group to visit, in batches, and calls after behind each, when the store
// is not being read.
func (s *service) eachBatch(ctx context.Context, group directory.ID, visit func(directory.ID, directory.Kind, []byte), after func() error) error {
	var last directory.ID
	one := func(member directory.ID, kind directory.Kind, display []byte) error {
		visit(member, kind, display)
		last = member
		return nil
	}
	for size := firstBatch; ; size = memberBatch {
		n, err := s.dir.EachMember(ctx, s.source, group, last, size, one)
		if err != nil {
			return fmt.Errorf("read members of group %s: %w", group, err)
		}
		if n > 0 {
			if err := after(); err != nil {
				return err
			}
		}
		if n < size {
			return nil
		}
	}
}

// appendMember writes one member.
func (v *view) appendMember(dst []byte, member directory.ID, of directory.Kind, display []byte) []byte {
	kind, open := directory.TypeOf(of), byte('{')
	part := func(name string) {
		dst = append(append(append(append(dst, open), '"'), name...), '"', ':')
		open = ','
	}
	if v.members.value {
		part("value")
		dst = append(appendID(append(dst, '"'), member), '"')
	}
	if v.members.ref {
		part("$ref")
		dst = append(dst, '"')
		dst = append(append(append(dst, v.source.rootJSON...), kind.Endpoint...), '/')
		dst = append(appendID(dst, member), '"')
	}
	if v.members.display && len(display) > 0 {
		part("display")
		dst = appendString(dst, display)
	}
	if v.members.kind {
		part("type")
		dst = append(append(append(dst, '"'), kind.Name...), '"')
	}
	if open == '{' {
		dst = append(dst, '{')
	}
	return append(dst, '}')
}

// appendID writes the UUID as ID.String gives it, without making a string of it: a group has many members.
func appendID(dst []byte, id directory.ID) []byte {
	for i, part := range [...][]byte{id[0:4], id[4:6], id[6:8], id[8:10], id[10:16]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

// appendString writes a JSON string. Plain ASCII, which is nearly everything, is copied.
func appendString[T string | []byte](dst []byte, text T) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(string(text))
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), text...), '"')
}
