package service

import (
	"slices"
	"strings"
)

// sortBy orders matches by an attribute; an unknown one leaves the order as it is (RFC 7644 section
// 3.4.2.3). The list given is not changed.
func sortBy[T any](list []T, cat catalogue[T], by, order string) []T {
	a, ok := cat(strings.ToLower(by))
	if by == "" || !ok {
		return list
	}
	type keyed struct {
		key  string
		item T
	}
	keys := make([]keyed, len(list))
	for i, x := range list {
		keys[i] = keyed{strings.ToLower(firstValue(a, x)), x}
	}
	descending := strings.EqualFold(order, "descending")
	slices.SortStableFunc(keys, func(x, y keyed) int {
		if descending {
			x, y = y, x
		}
		if a.numeric {
			return compareValues(x.key, y.key, true)
		}
		return strings.Compare(x.key, y.key)
	})
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = k.item
	}
	return out
}

func firstValue[T any](a attr[T], x T) string {
	if a.one != nil {
		return a.one(x)
	}
	for e := range a.elems(x) {
		v, _ := e.sub(a.part)
		return v
	}
	return ""
}
