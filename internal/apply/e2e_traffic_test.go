package apply_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sacbridge/internal/apply"
)

// traffic is what a process writes to its journal and exchanges with a tenant about its people and teams, in the
// order in which the tenant saw it. With it a test tells an edit that came between the reading of an entity and the
// write made from it, which the API has no precondition against, from every other one. Its methods work on nil.
type traffic struct {
	server http.Handler
	turn   chan struct{} // one request or edit at a time
	names  map[string]string
	events []trafficEvent
}

type trafficEvent struct {
	kind trafficKind
	keys []string // user IDs and team names
}

type trafficKind int

const (
	intended trafficKind = iota
	wasRead
	wasWritten
	wasEdited
)

func newTraffic(server http.Handler) *traffic {
	return &traffic{server: server, turn: make(chan struct{}, 1), names: map[string]string{}}
}

// alone does something while no request is answered, and keeps what it was.
func (f *traffic) alone(do func() trafficEvent) {
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	f.events = append(f.events, do())
}

// intent keeps that a record about an entity is in the journal.
func (f *traffic) intent(r *apply.Record) {
	if f == nil {
		return
	}
	keys := r.Keys
	if r.Team != "" {
		keys = []string{r.Team}
	}
	f.alone(func() trafficEvent { return trafficEvent{intended, keys} })
}

// answer lets the tenant answer a request.
func (f *traffic) answer(r *http.Request, answer func() *bytes.Buffer) {
	f.alone(func() trafficEvent {
		var body []byte
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body) // from memory
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		told := answer().Bytes()
		kind := wasRead
		if isWrite(r) {
			kind = wasWritten
		}
		return trafficEvent{kind, slices.Concat(f.ofPath(r.URL.EscapedPath()), f.ofBulk(r.URL.Path, body), f.ofAnswer(r.URL.Path, told))}
	})
}

// ofPath gives the entity that a path names.
func (f *traffic) ofPath(path string) []string {
	for _, kind := range []string{"/Users/", "/Groups/"} {
		_, id, ok := strings.Cut(path, kind)
		if name, err := url.PathUnescape(id); ok && err == nil && id != ".search" {
			if f.names[name] != "" {
				name = f.names[name]
			}
			return []string{name}
		}
	}
	return nil
}

// ofBulk gives the entities that a Bulk writes.
func (f *traffic) ofBulk(path string, body []byte) (keys []string) {
	var bulk struct {
		Operations []struct {
			Path string
			Data struct {
				UserName string `json:"userName"`
			}
		}
	}
	if !strings.HasSuffix(path, "/Bulk") || json.Unmarshal(body, &bulk) != nil {
		return nil
	}
	for _, op := range bulk.Operations {
		keys = append(keys, f.ofPath(op.Path)...)
		if op.Data.UserName != "" {
			keys = append(keys, op.Data.UserName)
		}
	}
	return keys
}

// ofAnswer gives the entities that an answer shows, and learns their UUIDs.
func (f *traffic) ofAnswer(path string, body []byte) (keys []string) {
	type resource struct {
		ID          string `json:"id"`
		UserName    string `json:"userName"`
		DisplayName string `json:"displayName"`
	}
	var list struct {
		resource
		Resources []resource
	}
	if json.Unmarshal(body, &list) != nil {
		return nil
	}
	for _, r := range append(list.Resources, list.resource) {
		key := r.ID
		switch {
		case r.ID == "":
			continue
		case strings.Contains(path, "/scim2/Users"):
			key = r.UserName
		case strings.Contains(path, "/scim2/Groups"):
			key = r.DisplayName
		}
		f.names[r.ID] = key
		keys = append(keys, key)
	}
	return keys
}

// inWindow reports whether the edit came between the reading of an entity and the write that was made from it: the
// last thing before it was a reading under an intent, the next thing after it the write.
func (f *traffic) inWindow(key string) bool {
	at := slices.IndexFunc(f.events, func(e trafficEvent) bool { return e.kind == wasEdited })
	if at < 0 {
		return false
	}
	about := func(e trafficEvent) bool { return slices.Contains(e.keys, key) }
	next := slices.IndexFunc(f.events[at+1:], about)
	if next < 0 || f.events[at+1+next].kind != wasWritten {
		return false
	}
	var before []trafficKind
	for _, e := range f.events[:at] {
		if about(e) {
			before = append(before, e.kind)
		}
	}
	n := len(before)
	return n >= 2 && before[n-1] == wasRead && slices.Contains(before[:n-1], intended)
}
