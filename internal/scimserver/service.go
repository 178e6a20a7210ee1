package scimserver

import (
	"context"
	"errors"
	"net/http"

	"sacbridge/internal/directory"
	"sacbridge/internal/scim"
)

// service holds what SCIM requests mean for one source: its routes, Bulk, .search and /Me all end here.
type service struct {
	dir      *directory.Directory
	source   directory.SourceID
	switches Switches
	limits   Limits
	library  scim.Validator
}

func newService(dir *directory.Directory, src *source) *service {
	return &service{dir: dir, source: directory.SourceID(src.conf.Name), switches: src.switches, limits: src.conf.Limits, library: src.server.library}
}

// change is one write as it came, from a request of its own or from Bulk.
type change struct {
	method  string
	kind    *scim.ResourceType
	id      string
	body    []byte
	ifMatch string
	by      string
	groups  bool // the answer shows a user's groups
}

// result is what a change left. found is empty after a DELETE.
type result struct {
	status int
	found  directory.Found
}

// limit is how many bytes the change's body may have.
func (s *service) limit(kind *scim.ResourceType) int64 {
	if kind == scim.Group() {
		return s.limits.GroupBody
	}
	return s.limits.Body
}

// change carries a write out: read it, have the library check its values, hand it to the directory.
func (s *service) change(ctx context.Context, c change) (result, error) {
	if s.switches.RequireMatch && c.method != http.MethodPost && c.ifMatch == "" {
		return result{}, fail(http.StatusPreconditionRequired, "", "If-Match is needed")
	}
	switch c.method {
	case http.MethodPost:
		return s.create(ctx, c)
	case http.MethodPut:
		return s.replace(ctx, c)
	case http.MethodPatch:
		return s.patch(ctx, c)
	case http.MethodDelete:
		return s.remove(ctx, c)
	}
	return result{}, fail(http.StatusMethodNotAllowed, "", shorten(c.method)+" is no write")
}

func (s *service) options(c change) directory.WriteOptions {
	o := directory.WriteOptions{By: c.by, IfMatch: c.ifMatch, UniqueExternalID: s.switches.UniqueExternalID, KeepActive: s.switches.ActiveByDefault, WithGroups: c.groups}
	if s.switches.DropUnknownMembers {
		o.Unknown = directory.DropUnknown
	}
	return o
}

func (s *service) decode(c change) (*scim.Resource, error) {
	res, err := scim.Decode(c.kind, c.body, int(s.limit(c.kind)), s.switches.Tolerance, s.library)
	if err != nil {
		return nil, err
	}
	// The bridge signs nobody in: a password is taken and forgotten, so that providers which insist on sending one
	// are content and nothing can leak (RFC 7643 §4.1.1, §9.2).
	res.TakePassword()
	return res, nil
}

func (s *service) create(ctx context.Context, c change) (out result, err error) {
	res, err := s.decode(c)
	if err != nil {
		return result{}, err
	}
	if _, given := res.Attrs["active"]; !given && s.switches.ActiveByDefault && c.kind == scim.User() {
		res.Attrs["active"] = true
	}
	w, err := s.dir.Create(ctx, s.source, res, s.options(c))
	return result{http.StatusCreated, w.Found}, err
}

func (s *service) replace(ctx context.Context, c change) (result, error) {
	id, err := directory.ParseID(c.id)
	if err != nil {
		return result{}, err
	}
	res, err := s.decode(c)
	if err != nil {
		return result{}, err
	}
	w, err := s.dir.Replace(ctx, s.source, id, res, s.options(c))
	return result{http.StatusOK, w.Found}, err
}

// patch takes the short way where only members change: nothing of the group is loaded then.
func (s *service) patch(ctx context.Context, c change) (result, error) {
	id, err := directory.ParseID(c.id)
	if err != nil {
		return result{}, err
	}
	p, err := scim.DecodePatch(c.kind, c.body, int(s.limit(c.kind)), s.switches.Tolerance, s.library)
	if err != nil {
		return result{}, err
	}
	if ops, ok := p.Membership(); ok {
		w, err := s.dir.PatchMembers(ctx, s.source, id, ops, s.options(c))
		return result{http.StatusOK, w.Found}, s.missingGroupFirst(ctx, id, err)
	}
	w, err := s.dir.Patch(ctx, s.source, directory.KindOf(c.kind), id, p.Apply, s.options(c))
	return result{http.StatusOK, w.Found}, err
}

// missingGroupFirst says that the group does not exist before it says anything of its members.
func (s *service) missingGroupFirst(ctx context.Context, group directory.ID, err error) error {
	if _, ok := errors.AsType[*directory.UnknownMembersError](err); !ok {
		return err
	}
	if _, missing := s.dir.Get(ctx, s.source, directory.Group, group, false); missing != nil {
		return missing
	}
	return err
}

func (s *service) remove(ctx context.Context, c change) (result, error) {
	id, err := directory.ParseID(c.id)
	if err != nil {
		return result{}, err
	}
	err = s.dir.Delete(ctx, s.source, directory.KindOf(c.kind), id, s.options(c))
	return result{status: http.StatusNoContent}, err
}

// get reads one resource as stored.
func (s *service) get(ctx context.Context, kind *scim.ResourceType, id string, groups bool) (directory.Found, error) {
	parsed, err := directory.ParseID(id)
	if err != nil {
		return directory.Found{}, err
	}
	return s.dir.Get(ctx, s.source, directory.KindOf(kind), parsed, groups)
}

// query answers a page of one type.
func (s *service) query(ctx context.Context, kind *scim.ResourceType, p params, groups bool) (directory.Page, error) {
	q := directory.Query{
		Kind: directory.KindOf(kind), Start: p.start, Count: p.pageSize(s.limits), ByCursor: p.byCursor, Cursor: p.cursor, WithGroups: groups,
	}
	var err error
	if p.filter != "" {
		if q.Filter, err = scim.ParseFilter(kind, p.filter, s.switches.Tolerance); err != nil {
			return directory.Page{}, err
		}
	}
	if p.sortBy != "" {
		if q.Sort, err = scim.ParseSort(kind, p.sortBy, p.sortOrder); err != nil {
			return directory.Page{}, err
		}
	}
	return s.dir.Query(ctx, s.source, q)
}

// userOfSubject finds the user a credential's subject means: by id, externalId or userName, in that order.
func (s *service) userOfSubject(ctx context.Context, subject string) (string, error) {
	if subject == "" {
		return "", fail(http.StatusNotImplemented, "", "/Me needs the credential of a person, which this one is not")
	}
	if f, err := s.get(ctx, scim.User(), subject, false); err == nil {
		return f.ID.String(), nil
	}
	for _, name := range [...]string{"externalId", "userName"} {
		ref, ok := scim.User().Ref(name)
		if !ok {
			continue
		}
		page, err := s.dir.Query(ctx, s.source, directory.Query{Kind: directory.User, Filter: scim.Equals(ref, subject), Start: 1, Count: 2})
		if err != nil {
			return "", err
		}
		if page.Total == 1 && len(page.Found) == 1 {
			return page.Found[0].ID.String(), nil
		}
	}
	return "", notFound("the person of this credential")
}
