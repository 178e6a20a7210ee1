package scim

import (
	"strings"
	"time"
)

// parseTime reads an xsd:dateTime with offset (RFC 7643 §2.3.5). A lower-case t or z and 24:00:00 are
// not understood; any number of digits of a second is.
func parseTime(s string) (time.Time, bool) {
	if !strings.Contains(s, "T") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}
