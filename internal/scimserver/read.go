package scimserver

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

const listURN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

// get serves one resource.
func (x *exchange) get(id string) error {
	v, err := x.view(x.route.kind)
	if err != nil {
		return err
	}
	f, err := x.source.service.get(x.r.Context(), v.kind, id, v.kind == scim.User() && v.includes("groups"))
	if err != nil {
		return err
	}
	tag := directory.ETag(f.Revision)
	x.w.Header().Set("ETag", tag)
	if none := x.r.Header.Values("If-None-Match"); len(none) > 0 && scim.MatchETag(strings.Join(none, ","), tag) {
		return x.empty(http.StatusNotModified)
	}
	return x.show(http.StatusOK, &f, v)
}

// stream answers with a group and its members. The first byte goes out before the second batch is read.
func (x *exchange) stream(status int, f *directory.Found, v *view) error {
	c := x.chunked(status)
	return c.close(c.group(f, v, func() error {
		if f.Members <= memberBatch {
			return nil
		}
		return c.flush()
	}))
}

// group writes one group with its members, and calls after behind each batch.
func (c *chunkedAnswer) group(f *directory.Found, v *view, after func() error) (err error) {
	if c.out, err = v.appendResource(c.out, f); err != nil {
		return err
	}
	c.out = append(c.out[:len(c.out)-1], `,"members":[`...)
	first := true
	err = v.source.service.eachBatch(c.x.r.Context(), f.ID, func(member directory.ID, kind directory.Kind, display []byte) {
		if !first {
			c.out = append(c.out, ',')
		}
		first = false
		c.out = v.appendMember(c.out, member, kind, display)
	}, after)
	c.out = append(c.out, `]}`...)
	return err
}

// list serves a query by GET: of one type, or of all at the root.
func (x *exchange) list() error {
	p, err := urlParams(x.r.URL.RawQuery)
	if err != nil {
		return err
	}
	return x.answerQuery(p)
}

// search serves a query by POST.
func (x *exchange) search() error {
	body, err := x.readBody(x.source.conf.Limits.Body)
	if err != nil {
		return err
	}
	p, err := searchParams(body, !x.source.switches.SchemasOptional)
	if err != nil {
		return err
	}
	return x.answerQuery(p)
}

func (x *exchange) answerQuery(p params) error {
	if x.route.kind == nil {
		return x.queryAll(p)
	}
	v, err := newView(x.source, x.route.kind, p)
	if err != nil {
		return err
	}
	page, err := x.source.service.query(x.r.Context(), x.route.kind, p, x.route.kind == scim.User() && v.includes("groups"))
	if err != nil {
		return err
	}
	return x.sendList(p, page.Total, page.Start, page.Next, listPart{v, page.Found})
}

// listPart are resources of one type in a list.
type listPart struct {
	view  *view
	found []directory.Found
}

// sendList answers with a ListResponse, groups with their members where there are not too many.
func (x *exchange) sendList(p params, total, start int, next string, parts ...listPart) error {
	n := 0
	for _, part := range parts {
		n += len(part.found)
	}
	c := x.chunked(http.StatusOK)
	c.out = appendListHead(c.out, p, n, total, start, next)
	most, first := int64(x.source.conf.Limits.ListMembers), true
	for _, part := range parts {
		for i := range part.found {
			if !first {
				c.out = append(c.out, ',')
			}
			first = false
			if err := c.listed(&part.found[i], part.view, most); err != nil {
				return c.close(err)
			}
		}
	}
	c.out = append(c.out, `]}`...)
	return c.close(nil)
}

func (c *chunkedAnswer) listed(f *directory.Found, v *view, most int64) (err error) {
	if v.kind == scim.Group() && f.Members > 0 && f.Members <= most && v.includes("members") {
		err = c.group(f, v, c.flushIfLarge)
	} else {
		c.out, err = v.appendResource(c.out, f)
	}
	if err != nil {
		return err
	}
	return c.flushIfLarge()
}

func appendListHead(out []byte, p params, rows, total, start int, next string) []byte {
	out = append(out, `{"schemas":["`+listURN+`"],"totalResults":`...)
	out = strconv.AppendInt(out, int64(total), 10)
	out = strconv.AppendInt(append(out, `,"itemsPerPage":`...), int64(rows), 10)
	if !p.byCursor {
		out = strconv.AppendInt(append(out, `,"startIndex":`...), int64(start), 10)
	}
	if next != "" {
		out = appendString(append(out, `,"nextCursor":`...), next)
	}
	return append(out, `,"Resources":[`...)
}

// queryAll serves a query over all types (RFC 7644 §3.4.2.1): users, then groups. A filter on an attribute that only
// one type has finds only that type. Sorting and cursors are for one type.
func (x *exchange) queryAll(p params) error {
	if p.byCursor || p.sortBy != "" {
		return fail(http.StatusBadRequest, string(scim.InvalidValue), "sortBy and cursor need one resource type: ask /Users or /Groups")
	}
	ctx, s := x.r.Context(), x.source.service
	total, left := 0, p.pageSize(s.limits)
	var parts []listPart
	var refused error
	for _, kind := range [...]*scim.ResourceType{scim.User(), scim.Group()} {
		v, err := newView(x.source, kind, p)
		if err != nil {
			return err
		}
		// The place within this type, and how many rows are still wanted of it.
		part := p
		part.start, part.count = max(p.start-total, 1), left
		page, err := s.query(ctx, kind, part, kind == scim.User() && v.includes("groups"))
		if e, ok := errors.AsType[*scim.Error](err); ok && e.Type == scim.InvalidFilter {
			refused = err
			continue
		}
		if err != nil {
			return err
		}
		parts = append(parts, listPart{v, page.Found})
		left -= len(page.Found)
		total += page.Total
	}
	if len(parts) == 0 {
		return refused
	}
	return x.sendList(p, total, p.start, "", parts...)
}

// me serves /Me: the person whom the credential belongs to (RFC 7644 §3.11).
func (x *exchange) me() error {
	id, err := x.source.service.userOfSubject(x.r.Context(), x.by.subject)
	if err != nil {
		return err
	}
	x.route.kind, x.route.id = scim.User(), id
	if methodOf(x.r) == http.MethodGet {
		x.w.Header().Set("Content-Location", x.source.root+"/Users/"+id)
	}
	return x.resource(id)
}
