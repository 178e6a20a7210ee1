package upstream_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/identity"
	"sacbridge/internal/upstream"
)

// edits gives an update of a person that changes everything it can, and the names of what it changes.
func edits() (u upstream.UserUpdate, names []string) {
	v := reflect.ValueOf(&u).Elem()
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Type.Kind() == reflect.Pointer {
			v.Field(i).Set(reflect.New(f.Type.Elem()))
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return u, names
}

// fullPerson has another value than a new person for every attribute.
func fullPerson() *identity.User {
	return &identity.User{
		UserID: "ANNA", LoginID: "anna-login", Email: "anna@example.com", GivenName: "Anna", FamilyName: "Lind", DisplayName: "Anna Lind",
		Active: true, Concurrent: true, Language: "de", Manager: "BOSS", Photos: []string{"https://example.com/anna.png"},
		Settings: identity.Settings{DataLanguage: "fr", DateFormat: "dd.MM.yyyy", TimeFormat: "H:mm", NumberFormat: "1.2", CleanUpDays: 30, NotifyByEmail: true},
	}
}

func TestEveryAttributeOfAnUpdateIsCompared(t *testing.T) {
	t.Parallel()
	u, want := edits()
	got := u.Attributes()
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("attributes (-got +want):\n%s", diff)
	}
	missing := map[string]bool{}
	for _, m := range u.Missing(fullPerson()) {
		if m.Kind == upstream.ManagerPart {
			m.Key = upstream.AttrManager
		}
		missing[m.Key] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(missing)), want); diff != "" {
		t.Errorf("missing where everything is another way (-got +want):\n%s", diff)
	}
}

// TestEveryAttributeOfANewPersonIsLookedFor leaves out the kind of licence, which follows from the roles.
func TestEveryAttributeOfANewPersonIsLookedFor(t *testing.T) {
	t.Parallel()
	_, want := edits()
	want = slices.DeleteFunc(want, func(name string) bool { return name == upstream.AttrConcurrent })
	var got []string
	for _, m := range upstream.NotAsWanted(fullPerson(), &identity.User{}, identity.Tenant{SSO: identity.SSOCustom}) {
		if m.Kind == upstream.ManagerPart {
			m.Key = upstream.AttrManager
		}
		got = append(got, m.Key)
	}
	slices.Sort(got)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("missed of a person who was created empty (-got +want):\n%s", diff)
	}
}
