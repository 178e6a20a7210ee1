package sac

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sacbridge/internal/identity"
)

// wireUser is a person in v1 and v2 alike: the two differ in what id and userName mean and in the
// extensions, whose names do not meet.
type wireUser struct {
	ID                text  `json:"id"`
	UserName          text  `json:"userName"`
	ExternalID        text  `json:"externalId"`
	DisplayName       text  `json:"displayName"`
	PreferredLanguage text  `json:"preferredLanguage"`
	Active            text  `json:"active"`
	Emails            links `json:"emails"`
	Photos            links `json:"photos"`
	Roles             links `json:"roles"`
	Groups            links `json:"groups"`

	Name optional[struct {
		GivenName  text `json:"givenName"`
		FamilyName text `json:"familyName"`
	}] `json:"name"`
	Meta optional[struct {
		Created text `json:"created"`
	}] `json:"meta"`
	ParamsV1  optional[wireParams] `json:"urn:ietf:params:scim:schemas:extension:sap:user-custom-parameters:1.0"`
	ParamsV2  optional[wireParams] `json:"urn:sap:params:scim:schemas:extension:sac:2.0:user-custom-parameters"`
	ManagerV1 optional[struct {
		Manager optional[struct {
			ManagerID text `json:"managerId"`
		}] `json:"manager"`
	}] `json:"urn:scim:schemas:extension:enterprise:1.0"`
	ManagerV2 optional[struct {
		Manager optional[struct {
			Value text `json:"value"`
		}] `json:"manager"`
	}] `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

// wireParams are the user-custom-parameters of both versions.
type wireParams struct {
	IdpUserID    text `json:"idpUserId"`
	DataLanguage text `json:"dataAccessLanguage"`
	DateFormat   text `json:"dateFormatting"`
	TimeFormat   text `json:"timeFormatting"`
	NumberFormat text `json:"numberFormatting"`
	CleanUpDays  text `json:"cleanUpNotificationsNumberOfDays"`
	Notify       text `json:"systemNotificationsEmailOptIn"`
	Concurrent   text `json:"isConcurrent"`
}

// person is a read user whose manager may still be a UUID.
type person struct {
	user       *identity.User
	managerRef string // v2: the manager's UUID
	login      string // the login ID as stored: v1 userName, v2 idpUserId
}

// version of the SCIM API that an answer came from.
type version int

const (
	v1 version = 1
	v2 version = 2
)

// decodePerson reads one user resource.
func (t *Tenant) decodePerson(dec *json.Decoder, v version) (person, error) {
	var w wireUser
	if err := dec.Decode(&w); err != nil {
		return person{}, fmt.Errorf("read user: %w", err)
	}
	return t.person(&w, v), nil
}

// person turns the wire form into the neutral one.
func (t *Tenant) person(w *wireUser, v version) person {
	u := &identity.User{
		Email: firstEmail(w.Emails), ExternalID: string(w.ExternalID),
		GivenName: string(w.Name.V.GivenName), FamilyName: string(w.Name.V.FamilyName), DisplayName: string(w.DisplayName),
		Active: w.Active.boolean(true), Language: intern(string(w.PreferredLanguage)),
		Photos: values(w.Photos, false), Roles: t.sorted(values(w.Roles, false)), Created: moment(w.Meta.V.Created),
	}
	p := person{user: u}
	params := w.ParamsV1.V
	if v == v2 {
		params = w.ParamsV2.V
		u.UserID, u.Ref, u.LoginID = string(w.UserName), string(w.ID), string(params.IdpUserID)
		u.Teams = t.sorted(values(w.Groups, true))
		p.managerRef = string(w.ManagerV2.V.Manager.V.Value)
	} else {
		u.UserID, u.LoginID = string(w.ID), string(w.UserName)
		u.Teams = t.sorted(values(w.Groups, false))
		u.Manager = intern(string(w.ManagerV1.V.Manager.V.ManagerID))
	}
	p.login = u.LoginID
	if t.loginIsUserID() {
		u.LoginID = u.UserID
	}
	u.Concurrent = params.Concurrent.boolean(false)
	u.Settings = t.settings(params)
	return p
}

// settings reads a person's display preferences.
func (t *Tenant) settings(p wireParams) identity.Settings {
	return identity.Settings{
		DataLanguage: intern(string(p.DataLanguage)), DateFormat: intern(string(p.DateFormat)),
		TimeFormat: intern(string(p.TimeFormat)), NumberFormat: intern(string(p.NumberFormat)),
		CleanUpDays: p.CleanUpDays.number(), NotifyByEmail: p.Notify.boolean(false),
	}
}

// sorted interns, sorts and deduplicates a list in place.
func (t *Tenant) sorted(list []string) []string {
	for i, s := range list {
		list[i] = intern(s)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// values gives the non-empty values of a list (or the displays, which in v2 name a person's teams).
func values(ls links, display bool) []string {
	var out []string
	for _, l := range ls {
		v := l.Value
		if display {
			v = l.Display
		}
		if v != "" {
			out = append(out, string(v))
		}
	}
	return out
}

// firstEmail gives the one e-mail that SAC uses.
func firstEmail(ls links) string {
	for _, l := range ls {
		if l.Value != "" {
			return string(l.Value)
		}
	}
	return ""
}

// moment parses meta.created; SAP leaves its precision open.
func moment(s text) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04:05-0700"} {
		if at, err := time.Parse(layout, strings.TrimSpace(string(s))); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}
