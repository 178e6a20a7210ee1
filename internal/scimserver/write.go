package scimserver

import (
	"net/http"
	"strings"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// write serves POST, PUT, PATCH and DELETE of a user or a group.
func (x *exchange) write(id string) error {
	kind := x.route.kind
	var body []byte
	var err error
	if x.r.Method != http.MethodDelete {
		if body, err = x.readBody(x.source.service.limit(kind)); err != nil {
			return err
		}
	}
	view, err := x.view(kind)
	if err != nil {
		return err
	}
	out, err := x.source.service.change(x.r.Context(), change{
		method: x.r.Method, kind: kind, id: id, body: body, ifMatch: strings.Join(x.r.Header.Values("If-Match"), ","),
		by: x.by.name, groups: kind == scim.User() && view.includes("groups"),
	})
	if err != nil {
		return err
	}
	return x.answer(out, view)
}

// view reads attributes and excludedAttributes of a write's URL.
func (x *exchange) view(kind *scim.ResourceType) (*view, error) {
	if x.r.URL.RawQuery == "" {
		return newView(x.source, kind, params{})
	}
	p, err := urlParams(x.r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	return newView(x.source, kind, p)
}

// answer shows what a write left.
func (x *exchange) answer(out result, v *view) error {
	h := x.w.Header()
	if out.status == http.StatusNoContent {
		return x.empty(out.status)
	}
	x.createdID = out.found.ID.String()
	h.Set("ETag", directory.ETag(out.found.Revision))
	if out.status == http.StatusCreated {
		h.Set("Location", v.location(out.found.ID))
	}
	if x.r.Method == http.MethodPatch && !v.asked && x.source.patchIsEmpty(&out.found.Header) {
		return x.empty(http.StatusNoContent)
	}
	if len(out.found.JSON) == 0 {
		// A change of members alone loads nothing of the group.
		f, err := x.source.service.get(x.r.Context(), v.kind, x.createdID, false)
		if err != nil {
			return err
		}
		out.found = f
		h.Set("ETag", directory.ETag(f.Revision))
	}
	return x.show(out.status, &out.found, v)
}

// maxMembersAnswered is how many members a group may have that PATCH answers with: the answer to one more member carries all
// of them.
const maxMembersAnswered = 100

// patchIsEmpty says whether PATCH of what has this header now answers 204.
func (s *source) patchIsEmpty(h *directory.Header) bool {
	if h.Kind == directory.Group {
		return !s.switches.GroupPatchBody || h.Members > maxMembersAnswered
	}
	return s.switches.UserPatchEmpty
}
