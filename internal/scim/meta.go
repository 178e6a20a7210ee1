package scim

import (
	"strings"
	"time"
)

// Meta is what the server says of a resource (RFC 7643 §3.1).
type Meta struct {
	Created, Modified time.Time
	Location, Version string
}

// SetCommon puts id and meta in the tree, as the server knows them. Times have milliseconds, so that
// what is shown compares equal to itself in a filter; a zero time and an empty text are left out.
func (r *Resource) SetCommon(id string, m Meta) {
	r.Attrs["id"] = id
	meta := map[string]any{"resourceType": r.Type.Name}
	if !m.Created.IsZero() {
		meta["created"] = FormatTime(m.Created)
	}
	if !m.Modified.IsZero() {
		meta["lastModified"] = FormatTime(m.Modified)
	}
	if m.Location != "" {
		meta["location"] = m.Location
	}
	if m.Version != "" {
		meta["version"] = m.Version
	}
	r.Attrs["meta"] = meta
}

// FormatTime gives a dateTime as answers show it: UTC with milliseconds.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// parseTime reads an xsd:dateTime with offset (RFC 7643 §2.3.5). A lower-case t or z and 24:00:00 are
// not understood; any number of digits of a second is.
func parseTime(s string) (time.Time, bool) {
	if !strings.Contains(s, "T") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

// MatchETag says whether one of the entity tags of an If-Match or If-None-Match header equals version by
// the weak comparison of RFC 9110 §8.8.3.2, as RFC 7644 §3.14 uses it; "*" equals the version of every
// resource that exists. Several header lines are joined by commas. version has its quotes, with or
// without W/; an empty one is that of a resource that does not exist and matches nothing, nor does an
// empty header. Tags without quotes are understood, and those that a proxy which compresses answers has marked (W/"1-gzip").
func MatchETag(header, version string) bool {
	if version == "" {
		return false
	}
	want := opaque(version)
	for rest := header; rest != ""; {
		var tag string
		tag, rest = nextTag(rest)
		if tag == "*" || tag != "" && unmarked(tag) == want {
			return true
		}
	}
	return false
}

// nextTag cuts the first tag off a list; a comma inside quotes belongs to the tag.
func nextTag(list string) (tag, rest string) {
	quoted := false
	for i := range len(list) {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return strings.TrimSpace(list[:i]), list[i+1:]
		}
	}
	return strings.TrimSpace(list), ""
}

// unmarked is a client's tag without W/, quotes, and the mark of a proxy, which may stand before or behind the quote.
func unmarked(tag string) string { return withoutCoding(opaque(withoutCoding(tag))) }

// withoutCoding takes the name of a content coding from the end of a tag, with what parts it from the rest.
func withoutCoding(tag string) string {
	for _, coding := range [...]string{"gzip", "br", "zstd", "deflate"} {
		rest, marked := strings.CutSuffix(tag, coding)
		if without := strings.TrimRight(rest, "-;+"); marked && without != rest && without != "" {
			return without
		}
	}
	return tag
}

// opaque is a tag without W/ and quotes.
func opaque(tag string) string {
	if len(tag) > 2 && strings.EqualFold(tag[:2], "W/") {
		tag = tag[2:]
	}
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}
