package service

import (
	"errors"
	"fmt"
	"strings"
)

// userInput is what a write wants of a user; nil means that the request says nothing about it.
// manager is a USERID in v1 and a UUID in v2. photos, roles hold the desired totals.
type userInput struct {
	userName, externalID, language, display *string
	given, middle, family, formatted        *string
	email, manager, idp                     *string
	active                                  *bool
	photos, roles                           *[]string
	params                                  paramsInput
}

type paramsInput struct {
	access, date, time, number *string
	cleanUp                    *int
	notify, concurrent         *bool
}

// errUnknownAttribute tells a PATCH that its path names nothing.
type errUnknownAttribute string

func (e errUnknownAttribute) Error() string { return fmt.Sprintf("unknown attribute %q", string(e)) }

// set reads one attribute of a v1 or v2 body by its canonical name. Attributes the tenant accepts and
// ignores (groups, meta, id) are no error; what it does not know is errUnknownAttribute.
func (in *userInput) set(name string, v any) error {
	var err error
	switch name {
	case "schemas", "id", "meta", "groups", "name.honorificprefix", "name.honorificsuffix", "param.marketingemailoptin":
		return nil
	case "", "name", "param":
		return in.setAll(name, v)
	case "emails":
		err = in.setEmails(v)
	case "photos":
		err = setList(&in.photos, v)
	case "roles":
		err = setList(&in.roles, v)
	case "active":
		err = setBool(&in.active, v)
	case "manager":
		if m := asObject(v); m != nil {
			return in.setManager(m)
		}
		err = setText(&in.manager, v)
	case "manager.value", "manager.managerid":
		err = setText(&in.manager, v)
	default:
		var known bool
		if known, err = in.setText(name, v); !known {
			if known, err = in.params.set(name, v); !known {
				return errUnknownAttribute(name)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// setAll reads an object whose keys belong under name.
func (in *userInput) setAll(name string, v any) error {
	o := asObject(v)
	if o == nil && v != nil {
		return fmt.Errorf("%s: %w", name, errShape)
	}
	for key, val := range o {
		full := canonical(key)
		if name != "" {
			full = name + "." + strings.ToLower(key)
		}
		if err := in.set(full, val); err != nil {
			if _, unknown := errors.AsType[errUnknownAttribute](err); unknown {
				continue
			}
			return err
		}
	}
	return nil
}

func (in *userInput) setText(name string, v any) (known bool, err error) {
	switch name {
	case "username":
		return true, setText(&in.userName, v)
	case "externalid":
		return true, setText(&in.externalID, v)
	case "preferredlanguage":
		return true, setText(&in.language, v)
	case "displayname":
		return true, setText(&in.display, v)
	case "name.givenname":
		return true, setText(&in.given, v)
	case "name.middlename":
		return true, setText(&in.middle, v)
	case "name.familyname":
		return true, setText(&in.family, v)
	case "name.formatted":
		return true, setText(&in.formatted, v)
	case "param.idpuserid":
		return true, setText(&in.idp, v)
	case "emails.value":
		return true, setText(&in.email, v)
	}
	return false, nil
}

func (in *userInput) setManager(m object) error {
	v, ok := m.get("managerId")
	if !ok {
		v, ok = m.get("value")
	}
	if !ok {
		return nil
	}
	if err := setText(&in.manager, v); err != nil {
		return fmt.Errorf("manager: %w", err)
	}
	return nil
}

// setEmails takes the first address; the tenant knows one per user.
func (in *userInput) setEmails(v any) error {
	list, err := values(v)
	if err != nil {
		return err
	}
	first := ""
	if len(list) > 0 {
		first = list[0]
	}
	in.email = &first
	return nil
}

func (p *paramsInput) set(name string, v any) (known bool, err error) {
	switch name {
	case "param.dataaccesslanguage":
		return true, setText(&p.access, v)
	case "param.dateformatting":
		return true, setText(&p.date, v)
	case "param.timeformatting":
		return true, setText(&p.time, v)
	case "param.numberformatting":
		return true, setText(&p.number, v)
	case "param.isconcurrent":
		return true, setBool(&p.concurrent, v)
	case "param.systemnotificationsemailoptin":
		return true, setBool(&p.notify, v)
	case "param.cleanupnotificationsnumberofdays":
		n, err := count(v)
		p.cleanUp = &n
		return true, err
	}
	return false, nil
}

func (p *paramsInput) apply(to *params) {
	put(&to.DataAccessLanguage, p.access)
	put(&to.DateFormatting, p.date)
	put(&to.TimeFormatting, p.time)
	put(&to.NumberFormatting, p.number)
	put(&to.CleanUpDays, p.cleanUp)
	put(&to.SystemNotifications, p.notify)
	put(&to.IsConcurrent, p.concurrent)
}

// parseUser reads a whole v1 or v2 user; keys nobody knows are passed over.
func parseUser(o object) (*userInput, error) {
	in := &userInput{}
	for key, v := range o {
		if strings.EqualFold(key, urnManagerV1) {
			if err := in.setManager(asObject(v).object("manager")); err != nil {
				return nil, err
			}
			continue
		}
		name := canonical(key)
		if _, ok := v.(map[string]any); !ok && name == "" {
			return nil, fmt.Errorf("%s: %w", key, errShape)
		}
		if err := in.set(name, v); err != nil {
			if _, unknown := errors.AsType[errUnknownAttribute](err); unknown {
				continue
			}
			return nil, err
		}
	}
	return in, nil
}

func put[T any](dst *T, v *T) {
	if v != nil {
		*dst = *v
	}
}

func setText(dst **string, v any) error {
	s, err := text(v)
	*dst = &s
	return err
}

func setBool(dst **bool, v any) error {
	b, err := boolean(v)
	*dst = &b
	return err
}

func setList(dst **[]string, v any) error {
	list, err := values(v)
	*dst = &list
	return err
}
