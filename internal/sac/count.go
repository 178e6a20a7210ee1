package sac

import (
	"context"
	"encoding/json"
	"fmt"
)

// Count tells how many people and teams the tenant has in all, by one request each: the smallest page of a list says
// how long the list is (script 1001).
func (t *Tenant) Count(ctx context.Context) (people, teams int, err error) {
	v := v1
	if t.hasV2() {
		v = v2
	}
	for path, n := range map[string]*int{"Users": &people, "Groups": &teams} {
		l, err := t.getList(ctx, "count "+path, v.root()+"/"+path, 1, 1, func() {}, skipRow)
		if err != nil {
			return 0, 0, fmt.Errorf("count what the tenant has: %w", classed("count "+path, err))
		}
		*n = l.Total
	}
	t.setPeople(people)
	return people, teams, nil
}

// skipRow reads past a row.
func skipRow(dec *json.Decoder) error {
	var row json.RawMessage
	return dec.Decode(&row)
}
