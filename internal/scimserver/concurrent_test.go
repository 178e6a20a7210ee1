package scimserver

import (
	"strconv"
	"sync"
	"testing"
)

func TestOfManyCreatesOfOneNameOneSucceeds(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, c := range []struct{ path, body string }{
		{"/Users", `{"schemas":["` + coreUser + `"],"userName":"kim"}`}, {"/Groups", `{"schemas":["` + coreGroup + `"],"displayName":"Sales"}`},
	} {
		counts := map[int]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				a := b.do("POST", c.path, c.body)
				mu.Lock()
				counts[a.status]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if counts[201] != 1 || counts[409] != 63 {
			t.Errorf("%s: %v, want one 201 and 63 409", c.path, counts)
		}
	}
}

func TestParallelPatchesOfOneGroupLoseNoMember(t *testing.T) {
	t.Parallel()
	b := open(t)
	group := b.group("Sales")
	users := make([]string, 40)
	for i := range users {
		users[i] = b.user("u" + strconv.Itoa(i))
	}
	var wg sync.WaitGroup
	for i, u := range users {
		wg.Go(func() {
			ops := []string{`{"op":"add","path":"members","value":[{"value":"` + u + `"}]}`}
			if i%2 == 1 { // the normal road beside the short one
				ops = append(ops, `{"op":"replace","path":"externalId","value":"e`+strconv.Itoa(i)+`"}`)
			}
			if a := b.patch("/Groups/"+group, ops...); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	wg.Wait()
	if got := len(b.members(group)); got != len(users) {
		t.Errorf("%d members, want %d", got, len(users))
	}
}

func TestOfManyWritesOfOneVersionOneSucceeds(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim")
	counts := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			a := b.do("PATCH", "/Users/"+id, patchBody(`{"op":"replace","path":"title","value":"`+strconv.Itoa(i)+`"}`), "If-Match", `W/"1"`)
			mu.Lock()
			counts[a.status]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if counts[200] != 1 || counts[412] != 31 {
		t.Errorf("%v, want one 200 and 31 412", counts)
	}
}

func TestParallelPatchesWithoutIfMatchAllApply(t *testing.T) {
	t.Parallel()
	b := open(t)
	id := b.user("kim")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			b.patch("/Users/"+id, `{"op":"add","path":"roles","value":[{"value":"r`+strconv.Itoa(i)+`"}]}`)
		})
	}
	wg.Wait()
	roles, _ := b.do("GET", "/Users/"+id, "").want(200).at("roles").([]any)
	if len(roles) != 20 {
		t.Errorf("%d roles, want 20", len(roles))
	}
}
