package scim

import "strings"

// ScanMembership recognises the body of a PATCH that changes a group's members and nothing else, without
// building a tree: add, replace and remove with a list of members, remove of all, remove by
// members[value eq "x" or value eq "y"], and the path-less {"members": [...]}. It answers ok only where
// DecodePatch and Apply, under any tolerance, come to the same steps; for every other body, valid or not,
// ok is false and they decide. The members share memory with a copy of the body.
func ScanMembership(body []byte) (ops []MemberOp, ok bool) {
	m := memberScan{scanner: scanner{s: string(body)}}
	ok = m.object(func(key string) bool {
		switch {
		case strings.EqualFold(key, "schemas"):
			return m.once(1) && m.schemas()
		case strings.EqualFold(key, "Operations"):
			return m.once(2) && m.list(m.operation)
		default:
			return false
		}
	})
	return m.ops, ok && m.seen == 3 && len(m.ops) > 0 && m.peek() == 0 && m.i == len(m.s)
}

// memberScan is one run of ScanMembership. Each of its methods gives false where the body is not of the
// simple kind.
type memberScan struct {
	scanner
	seen int // what once was asked of
	ops  []MemberOp
}

// once notes that a key was met and refuses it the second time.
func (m *memberScan) once(bit int) bool {
	first := m.seen&bit == 0
	m.seen |= bit
	return first
}

// object reads an object, calling field after each key and colon.
func (m *memberScan) object(field func(key string) bool) bool {
	if !m.take('{') {
		return false
	}
	if m.take('}') {
		return true
	}
	for {
		key, ok := m.string()
		if !ok || !m.take(':') || !field(key) {
			return false
		}
		if !m.take(',') {
			return m.take('}')
		}
	}
}

func (m *memberScan) list(element func() bool) bool {
	if !m.take('[') {
		return false
	}
	if m.take(']') {
		return true
	}
	for {
		if !element() {
			return false
		}
		if !m.take(',') {
			return m.take(']')
		}
	}
}

func (m *memberScan) string() (string, bool) {
	if m.peek() != '"' {
		return "", false
	}
	s, err := m.text()
	return s, err == nil
}

func (m *memberScan) schemas() bool {
	named := false
	ok := m.list(func() bool {
		urn, ok := m.string()
		named = named || strings.EqualFold(urn, PatchURN)
		return ok
	})
	return ok && named
}

// request is one operation as the scan reads it.
type request struct {
	op, path         string
	seen             int
	members          []Member
	hasList, wrapped bool // a list was given, as value or under the key members in it
}

func (m *memberScan) operation() bool {
	outer := m.seen
	m.seen = 0
	var r request
	ok := m.object(func(key string) (ok bool) {
		switch {
		case strings.EqualFold(key, "op"):
			r.op, ok = m.string()
			return ok && m.once(1)
		case strings.EqualFold(key, "path"):
			r.path, ok = m.string()
			return ok && m.once(2)
		case strings.EqualFold(key, "value"):
			return m.once(4) && m.value(&r)
		default:
			return false
		}
	})
	r.seen, m.seen = m.seen, outer
	return ok && m.accept(&r)
}

// value reads a list of members, or an object with nothing but such a list.
func (m *memberScan) value(r *request) bool {
	r.hasList = true
	if m.peek() == '[' {
		return m.list(func() bool { return m.member(r) })
	}
	return m.object(func(key string) bool {
		if r.wrapped || !strings.EqualFold(key, "members") {
			return false
		}
		r.wrapped = true
		return m.list(func() bool { return m.member(r) })
	}) && r.wrapped
}

func (m *memberScan) member(r *request) bool {
	outer := m.seen
	m.seen = 0
	var one Member
	ok := m.object(func(key string) bool {
		switch {
		case strings.EqualFold(key, "value"):
			return m.once(1) && m.textOrNull(&one.Value)
		case strings.EqualFold(key, "type"):
			return m.once(2) && m.textOrNull(&one.Type)
		case strings.EqualFold(key, "display"):
			return m.once(4) && m.textOrNull(&one.Display)
		case strings.EqualFold(key, "$ref"):
			var ignored string
			return m.once(8) && m.textOrNull(&ignored)
		default:
			return false
		}
	})
	m.seen = outer
	r.members = append(r.members, one)
	return ok && one.Value != ""
}

func (m *memberScan) textOrNull(to *string) (ok bool) {
	if m.peek() == 'n' {
		return m.word("null")
	}
	*to, ok = m.string()
	return ok
}

// accept turns an operation into a step where it is one of the known shapes.
func (m *memberScan) accept(r *request) bool {
	remove := strings.EqualFold(r.op, string(Remove))
	var kind MemberOpKind
	switch {
	case remove:
		kind = RemoveMembers
	case strings.EqualFold(r.op, string(Add)):
		kind = AddMembers
	case strings.EqualFold(r.op, string(Replace)):
		kind = ReplaceMembers
	default:
		return false
	}
	hasPath := r.seen&2 != 0
	switch {
	case remove && !r.hasList && strings.EqualFold(r.path, "members"):
		kind = ClearMembers
	case remove && !r.hasList:
		var ok bool
		if r.members, ok = scanMemberPath(r.path); !ok {
			return false
		}
	case r.wrapped && (hasPath || remove), !r.hasList:
		return false
	case !r.wrapped && !strings.EqualFold(r.path, "members"):
		return false
	}
	m.ops = appendMemberOp(m.ops, MemberOp{Kind: kind, Members: r.members})
	return true
}

// scanMemberPath reads members[value eq "x" or value eq "y"].
func scanMemberPath(path string) ([]Member, bool) {
	const head = "members["
	if len(path) > maxFilterBytes || len(path) < len(head) || !strings.EqualFold(path[:len(head)], head) {
		return nil, false
	}
	rest := path[len(head):]
	var out []Member
	for {
		const name = "value"
		if len(rest) < len(name) || !strings.EqualFold(rest[:len(name)], name) {
			return nil, false
		}
		id, tail, ok := scanEq(rest[len(name):])
		if !ok || id == "" || len(out) == maxFilterTerms {
			return nil, false
		}
		out = append(out, Member{Value: id})
		if tail == "]" {
			return out, true
		}
		const or = " or "
		if len(tail) < len(or) || !strings.EqualFold(tail[:len(or)], or) {
			return nil, false
		}
		rest = tail[len(or):]
	}
}
