package apply

import (
	"reflect"
	"strings"
	"testing"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/upstream"
)

// TestEveryAttributeCanBeCorrectedAfterACreate goes through the attributes that an update can change: a correction names what is
// there and what is wanted as a plan does, and becomes an update of this attribute alone.
func TestEveryAttributeCanBeCorrectedAfterACreate(t *testing.T) {
	t.Parallel()
	want := &identity.User{
		UserID: "ANNA", LoginID: "anna-login", Email: "anna@example.com", GivenName: "Anna", FamilyName: "Lind", DisplayName: "Anna Lind",
		Active: true, Concurrent: true, Language: "de", Manager: "BOSS", Photos: []string{"https://example.com/anna.png"},
		Settings: identity.Settings{DataLanguage: "fr", DateFormat: "dd.MM.yyyy", TimeFormat: "H:mm", NumberFormat: "1.2", CleanUpDays: 30, NotifyByEmail: true},
	}
	update := reflect.TypeFor[upstream.UserUpdate]()
	checked := 0
	for f := range update.Fields() {
		if f.Type.Kind() != reflect.Pointer {
			continue
		}
		checked++
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		field := fieldOf(name, &identity.User{}, want)
		u := updateOf(&plan.Change{Fields: []plan.Field{field}})
		if got := u.Attributes(); field.Before == field.After || len(got) != 1 || got[0] != name {
			t.Errorf("%s becomes %+v and an update of %v", name, field, got)
		}
		if missing := u.Missing(want); len(missing) > 0 {
			t.Errorf("%s: the update wants something else: %+v", name, missing)
		}
	}
	if checked < 16 {
		t.Errorf("checked %d attributes, want all", checked)
	}
}
