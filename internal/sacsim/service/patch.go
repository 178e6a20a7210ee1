package service

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxPatchOps bounds the operations of one PATCH.
const maxPatchOps = 1000

// patchOp is one operation of a PATCH (RFC 7644 section 3.5.2).
type patchOp struct {
	op    string // add, remove, replace
	path  patchPath
	value any
	named bool // there was a value
}

// patchPath is a parsed path: attr in canonical form, the filter in brackets, and what follows them.
type patchPath struct {
	attr   string
	filter *node
	sub    string
}

var errPatch = errors.New("patch is not well formed")

// parsePatchPath reads attr, attr.sub, URN:attr, URN.attr and attr[filter].sub. An empty path is no error.
func parsePatchPath(path string) (patchPath, error) {
	path = strings.TrimSpace(path)
	start := strings.IndexByte(path, '[')
	if start < 0 {
		if strings.ContainsAny(path, "] \t\"()") {
			return patchPath{}, fmt.Errorf("%w: path %q", errPatch, path)
		}
		return patchPath{attr: canonical(path)}, nil
	}
	end := strings.LastIndexByte(path, ']')
	if start == 0 || end < start {
		return patchPath{}, fmt.Errorf("%w: path %q", errPatch, path)
	}
	sub, dotted := strings.CutPrefix(path[end+1:], ".")
	if sub != "" && !dotted || dotted && sub == "" || strings.ContainsAny(sub, " .[]\"") {
		return patchPath{}, fmt.Errorf("%w: path %q", errPatch, path)
	}
	filter, err := parseFilter(path[start+1 : end])
	if err != nil {
		return patchPath{}, fmt.Errorf("path %q: %w", path, err)
	}
	if _, err := compile(filter, elementAttr); err != nil {
		return patchPath{}, fmt.Errorf("path %q: %w", path, err)
	}
	return patchPath{attr: canonical(path[:start]), filter: filter, sub: strings.ToLower(sub)}, nil
}

// parsePatch reads a PatchOp body. Operations without a path are spread over the keys of their value.
func parsePatch(body object) ([]patchOp, error) {
	if !slices.Contains(body.schemas(), urnPatch) {
		return nil, fmt.Errorf("%w: schema %s is missing", errPatch, urnPatch)
	}
	v, _ := body.get("Operations")
	list, ok := v.([]any)
	if !ok || len(list) == 0 || len(list) > maxPatchOps {
		return nil, fmt.Errorf("%w: Operations", errPatch)
	}
	var out []patchOp
	for _, item := range list {
		ops, err := parsePatchOp(asObject(item))
		if err != nil {
			return nil, err
		}
		out = append(out, ops...)
	}
	return out, nil
}

func parsePatchOp(o object) ([]patchOp, error) {
	opValue, _ := o.get("op")
	op, _ := opValue.(string)
	op = strings.ToLower(op)
	if op != "add" && op != "remove" && op != "replace" {
		return nil, fmt.Errorf("%w: op %q", errPatch, op)
	}
	value, named := o.get("value")
	pathValue, _ := o.get("path")
	text, err := text(pathValue)
	if err != nil {
		return nil, fmt.Errorf("%w: path", errPatch)
	}
	path, err := parsePatchPath(text)
	if err != nil {
		return nil, err
	}
	if path.attr != "" || path.filter != nil {
		if op != "remove" && !named {
			return nil, fmt.Errorf("%w: a value is missing", errPatch)
		}
		return []patchOp{{op: op, path: path, value: value, named: named}}, nil
	}
	keys := asObject(value)
	if op == "remove" || keys == nil {
		return nil, fmt.Errorf("%w: a path is missing", errPatch)
	}
	var out []patchOp
	for key, v := range keys {
		inner, err := parsePatchPath(key)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(key, "schemas") {
			continue
		}
		if sub := asObject(v); inner.attr == "" && inner.filter == nil {
			out = append(out, spread(op, "", sub)...) // the key is a schema that holds attributes
			continue
		}
		out = append(out, patchOp{op: op, path: inner, value: v, named: true})
	}
	return out, nil
}

func spread(op, prefix string, o object) []patchOp {
	var out []patchOp
	for key, v := range o {
		out = append(out, patchOp{op: op, path: patchPath{attr: prefix + canonical(key)}, value: v, named: true})
	}
	return out
}

// patchUserV2 turns the operations into what a PUT would have said of the attributes they touch.
func (s *Service) patchUserV2(q *request) reply {
	u := s.state.byUUID[q.id]
	if u == nil {
		return q.missing("User", q.id)
	}
	ops, err := parsePatch(q.body)
	if err != nil {
		return q.invalid()
	}
	in := &userInput{}
	for _, op := range ops {
		if op.path.attr == "roles" && op.op != "replace" {
			err = in.patchSingleRoles(u, op, s.settings[setRolePatch])
		} else {
			err = in.patch(u, op)
		}
		if err != nil {
			return q.invalid()
		}
	}
	return s.updateV2(q, u, in)
}

// patchSingleRoles adds or removes single roles as this kind of tenant does: only replace is known from
// SAP's samples, so there may be tenants that understand nothing else.
func (in *userInput) patchSingleRoles(u *user, op patchOp, kind any) error {
	switch kind {
	case rolePatchRefused:
		return fmt.Errorf("%w: %s of roles", errPatch, op.op)
	case rolePatchIgnored:
		return nil
	case rolePatchReplaces:
		op.path.filter = nil
		if op.op == "add" {
			op.op = "replace"
		}
	}
	return in.patchList(u, op)
}

func (in *userInput) patch(u *user, op patchOp) error {
	if op.path.attr == "roles" || op.path.attr == "photos" {
		return in.patchList(u, op)
	}
	if op.path.filter != nil {
		return in.patchElement(u, op)
	}
	if op.op == "remove" {
		return in.clear(op.path.attr)
	}
	return in.set(op.path.attr, op.value)
}

// clear removes an attribute; those a user cannot be without are refused.
func (in *userInput) clear(name string) error {
	switch name {
	case "username", "emails", "emails.value", "active", "id":
		return fmt.Errorf("%w: %s cannot be removed", errPatch, name)
	case "name":
		for _, part := range []string{"name.givenname", "name.familyname", "name.middlename", "name.formatted"} {
			if err := in.set(part, ""); err != nil {
				return err
			}
		}
		return nil
	}
	return in.set(name, "")
}

// patchElement handles emails[type eq "work"].value and its like.
func (in *userInput) patchElement(u *user, op patchOp) error {
	if op.path.attr != "emails" || op.op == "remove" {
		return errUnknownAttribute(op.path.attr)
	}
	inner, err := compile(op.path.filter, elementAttr)
	if err != nil {
		return err
	}
	matched := false
	for e := range userEmails(u) {
		matched = matched || inner.match(e)
	}
	if !matched {
		return fmt.Errorf("%w: no e-mail matches", errPatch)
	}
	switch op.path.sub {
	case "":
		return in.set("emails", op.value)
	case "value":
		return in.set("emails.value", op.value)
	case "type", "primary":
		return nil
	}
	return errUnknownAttribute(op.path.sub)
}

// patchList adds to, replaces or removes from a multi-valued attribute.
func (in *userInput) patchList(u *user, op patchOp) error {
	current, dst := u.roles, &in.roles
	if op.path.attr == "photos" {
		current, dst = u.photos, &in.photos
	}
	current = or(*dst, current)
	next, err := patchValues(current, op)
	if err != nil {
		return err
	}
	*dst = &next
	return nil
}

// patchValues gives the list after an operation. A remove without a filter empties it.
func patchValues(current []string, op patchOp) ([]string, error) {
	if op.path.filter != nil {
		if op.op != "remove" || op.path.sub != "" && op.path.sub != "value" {
			return nil, fmt.Errorf("%w: %s with a filter", errPatch, op.op)
		}
		inner, err := compile(op.path.filter, elementAttr)
		if err != nil {
			return nil, err
		}
		next := []string{}
		for e := range roleElements(current) {
			if !inner.match(e) {
				next = append(next, e.value)
			}
		}
		return next, nil
	}
	if op.op == "remove" {
		return []string{}, nil
	}
	list, err := values(op.value)
	if err != nil {
		return nil, err
	}
	if op.op == "add" {
		list = unique(slices.Concat(current, list))
	}
	return list, nil
}
