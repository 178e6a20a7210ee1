package scim

import "strings"

// MatchETag says whether one of the entity tags of an If-Match or If-None-Match header equals version by
// the weak comparison of RFC 9110 §8.8.3.2, as RFC 7644 §3.14 uses it; "*" equals the version of every
// resource that exists. Several header lines are joined by commas. version has its quotes, with or
// without W/; an empty one is that of a resource that does not exist and matches nothing, nor does an
// empty header. Tags without quotes are understood.
func MatchETag(header, version string) bool {
	if version == "" {
		return false
	}
	want := opaque(version)
	for rest := header; rest != ""; {
		var tag string
		tag, rest = nextTag(rest)
		if tag == "*" || tag != "" && opaque(tag) == want {
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

// opaque is a tag without W/ and quotes.
func opaque(tag string) string {
	tag = strings.TrimPrefix(tag, "W/")
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}
