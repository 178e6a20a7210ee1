package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Seed is a parsed seed file: a tenant's data before its first request. It is a value; Fill returns
// another one.
type Seed struct {
	users        []seedUser
	teams        []seedTeam
	roles        []string
	defaultRoles []string
	folders      []string
	settings     json.RawMessage
	activities   []seedActivity
	repository   []seedContent
}

type seedUser struct {
	ID                string          `json:"id"`
	UserName          *string         `json:"userName"`
	IdpUserID         *string         `json:"idpUserId"`
	Email             *string         `json:"email"`
	GivenName         string          `json:"givenName"`
	FamilyName        *string         `json:"familyName"`
	DisplayName       *string         `json:"displayName"`
	PreferredLanguage *string         `json:"preferredLanguage"`
	Active            *bool           `json:"active"`
	Manager           string          `json:"manager"`
	Roles             []string        `json:"roles"`
	SystemOwner       bool            `json:"systemOwner"`
	Photos            []string        `json:"photos"`
	ExternalID        string          `json:"externalId"`
	Created           *time.Time      `json:"created"`
	Params            json.RawMessage `json:"params"`

	place  string
	filler bool
}

type seedTeam struct {
	ID           string          `json:"id"`
	DisplayName  *string         `json:"displayName"`
	Namespace    string          `json:"namespace"`
	Roles        []string        `json:"roles"`
	Members      []string        `json:"members"`
	MembersRange json.RawMessage `json:"membersRange"`
	Folder       bool            `json:"folder"`
	ExternalID   string          `json:"externalId"`
	Created      *time.Time      `json:"created"`

	place string
}

type seedActivity struct {
	User     string  `json:"user"`
	Activity string  `json:"activity"`
	DaysAgo  float64 `json:"daysAgo"`
}

type seedContent struct {
	CreatedBy    string   `json:"createdBy"`
	AncestorPath []string `json:"ancestorPath"`
}

type seedFile struct {
	Users        []json.RawMessage `json:"users"`
	Teams        []json.RawMessage `json:"teams"`
	UsersRange   json.RawMessage   `json:"usersRange"`
	Roles        []string          `json:"roles"`
	DefaultRoles []string          `json:"defaultRoles"`
	Folders      []string          `json:"folders"`
	Settings     json.RawMessage   `json:"settings"`
	Activities   []json.RawMessage `json:"activities"`
	Repository   []json.RawMessage `json:"repository"`
}

// DefaultSeed is the tenant without a seed file: a System Owner SYSOWNER stands alone.
func DefaultSeed() Seed {
	return Seed{users: []seedUser{{ID: "SYSOWNER", SystemOwner: true, place: "users[0]"}}}
}

// ParseSeed reads a seed file strictly: unknown keys, duplicate ids, unknown managers and members,
// and roles that do not parse are errors that name the place, such as
// `users[3].manager: "X" is not a user`.
func ParseSeed(r io.Reader) (Seed, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Seed{}, fmt.Errorf("read seed: %w", err)
	}
	var file seedFile
	if err := strictJSON(raw, &file); err != nil {
		return Seed{}, fmt.Errorf("seed: %w", err)
	}
	seed := Seed{roles: file.Roles, defaultRoles: file.DefaultRoles, folders: file.Folders, settings: file.Settings}
	if seed.users, err = decodeUsers(file); err != nil {
		return Seed{}, err
	}
	if seed.teams, err = decodeTeams(file.Teams); err != nil {
		return Seed{}, err
	}
	if seed.activities, err = decodeList[seedActivity]("activities", file.Activities); err != nil {
		return Seed{}, err
	}
	if seed.repository, err = decodeList[seedContent]("repository", file.Repository); err != nil {
		return Seed{}, err
	}
	if err := defaultSettings().merge(seed.settings); err != nil {
		return Seed{}, fmt.Errorf("settings: %w", err)
	}
	return seed, seed.check()
}

func decodeUsers(file seedFile) ([]seedUser, error) {
	users, err := decodeList[seedUser]("users", file.Users)
	if err != nil {
		return nil, err
	}
	for i := range users {
		users[i].place = fmt.Sprintf("users[%d]", i)
	}
	ranges, err := decodeRanges[usersRange]("usersRange", file.UsersRange)
	if err != nil {
		return nil, err
	}
	for i, rg := range ranges {
		made, err := rg.users(fmt.Sprintf("usersRange[%d]", i))
		if err != nil {
			return nil, err
		}
		users = append(users, made...)
	}
	return users, nil
}

func decodeTeams(raw []json.RawMessage) ([]seedTeam, error) {
	teams, err := decodeList[seedTeam]("teams", raw)
	if err != nil {
		return nil, err
	}
	for i := range teams {
		teams[i].place = fmt.Sprintf("teams[%d]", i)
		ranges, err := decodeRanges[idRange](teams[i].place+".membersRange", teams[i].MembersRange)
		if err != nil {
			return nil, err
		}
		for j, rg := range ranges {
			ids, err := rg.ids(fmt.Sprintf("%s.membersRange[%d]", teams[i].place, j))
			if err != nil {
				return nil, err
			}
			teams[i].Members = append(teams[i].Members, ids...)
		}
	}
	return teams, nil
}

func decodeList[T any](place string, raw []json.RawMessage) ([]T, error) {
	out := make([]T, len(raw))
	for i, r := range raw {
		if err := strictJSON(r, &out[i]); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", place, i, err)
		}
	}
	return out, nil
}

// decodeRanges takes a list of ranges, or a single one for convenience.
func decodeRanges[T any](place string, raw json.RawMessage) ([]T, error) {
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) == 0 || string(trimmed) == "null" {
		return nil, nil
	}
	if trimmed[0] == '{' {
		return decodeList[T](place, []json.RawMessage{trimmed})
	}
	var list []json.RawMessage
	if err := json.Unmarshal(trimmed, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return decodeList[T](place, list)
}

// strictJSON decodes exactly one value and refuses keys that out does not know.
func strictJSON(raw []byte, out any) error {
	if err := checkDepth(raw); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(out); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON value")
	}
	return nil
}
