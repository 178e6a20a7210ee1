package engine_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/apply"
	"sacbridge/internal/engine"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
	"sacbridge/internal/upstream"
)

// attributeCase says how a field of identity.User or identity.Group comes to differ. Exactly one of value, edit and none
// is given.
type attributeCase struct {
	name  plan.FieldName // by which a plan changes it to value
	value string
	edit  service.Edit // by which somebody else changes it, where no plan does so as an attribute
	none  string       // why no change of it is tried
	notV1 string       // why v1 of the API cannot change or show it
}

const namesByPut = "a PUT of v1 accepts names and changes none"

// userCases has every field of a person.
func userCases() map[string]attributeCase {
	text := "EXT-1"
	return map[string]attributeCase{
		"UserID":                 {none: "the key"},
		"LoginID":                {name: plan.FieldLoginID, value: "anna-login"},
		"Email":                  {name: plan.FieldEmail, value: "anna.new@example.com"},
		"Ref":                    {none: "the tenant's own key"},
		"GivenName":              {name: plan.FieldGivenName, value: "Anna-Maria", notV1: namesByPut},
		"FamilyName":             {name: plan.FieldFamilyName, value: "Lind", notV1: namesByPut},
		"DisplayName":            {name: plan.FieldDisplayName, value: "Anna-Maria Lind", notV1: namesByPut},
		"Active":                 {name: plan.FieldActive, value: "false"},
		"Concurrent":             {name: plan.FieldConcurrent, value: "true"},
		"Language":               {name: plan.FieldLanguage, value: "de"},
		"Settings.DataLanguage":  {name: plan.FieldDataLanguage, value: "fr"},
		"Settings.DateFormat":    {name: plan.FieldDateFormat, value: "dd.MM.yyyy"},
		"Settings.TimeFormat":    {name: plan.FieldTimeFormat, value: "h:mm:ss a"},
		"Settings.NumberFormat":  {name: plan.FieldNumberFormat, value: "1.234,56"},
		"Settings.CleanUpDays":   {name: plan.FieldCleanUpDays, value: "30"},
		"Settings.NotifyByEmail": {name: plan.FieldNotify, value: "false"},
		"Manager":                {name: plan.FieldManager, value: "BOSS"},
		"Photos":                 {name: plan.FieldPhotos, value: "https://example.com/anna.png"},
		"ExternalID":             {edit: service.Edit{User: "ANNA", Set: service.EditSet{ExternalID: &text}}, notV1: "v1 does not show it"},
		"Roles":                  {edit: service.Edit{User: "ANNA", AddRoles: []string{"PROFILE:t.A:One"}}},
		"Teams":                  {edit: service.Edit{Team: "Other", AddMembers: []string{"ANNA"}}},
		"Created":                {none: "known only by some ways of reading; a deleted and new person is told apart by the journal"},
	}
}

// groupCases has every field of a team.
func groupCases() map[string]attributeCase {
	return map[string]attributeCase{
		"Name":        {none: "the key"},
		"Description": {name: plan.FieldDescription, value: "All about money"},
		"Ref":         {none: "the tenant's own key"},
		"Roles":       {edit: service.Edit{Team: "Finance", AddRoles: []string{"PROFILE:t.A:One"}}},
		"Members":     {edit: service.Edit{Team: "Finance", AddMembers: []string{"BOSS"}}},
		"Size":        {none: "where it matters, the members are read"},
		"Hidden":      {none: "how the team can be addressed"},
		"Namesakes":   {none: "what other teams there are; a plan has it as a conflict"},
		"Created":     {none: "known only by some ways of reading"},
	}
}

// fieldsOf gives the fields of a value as texts, those of structs within it too.
func fieldsOf(v reflect.Value, prefix string, into map[string]string) map[string]string {
	for i := range v.NumField() {
		name, field := prefix+v.Type().Field(i).Name, v.Field(i)
		if field.Kind() == reflect.Struct && field.Type() != reflect.TypeFor[time.Time]() {
			fieldsOf(field, name+".", into)
			continue
		}
		into[name] = fmt.Sprint(field.Interface())
	}
	return into
}

func TestEveryFieldOfPeopleAndTeamsHasACase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of    any
		cases map[string]attributeCase
	}{{identity.User{}, userCases()}, {identity.Group{}, groupCases()}} {
		for name := range fieldsOf(reflect.ValueOf(tt.of), "", map[string]string{}) {
			c, known := tt.cases[name]
			if !known {
				t.Errorf("%T.%s is new: follow \"Add an attribute of people or teams\" in CONTRIBUTING.md, then add its case here", tt.of, name)
			}
			given := 0
			for _, one := range []bool{c.value != "", c.edit.User+c.edit.Team != "", c.none != ""} {
				if one {
					given++
				}
			}
			if known && given != 1 {
				t.Errorf("%T.%s: want exactly one of value, edit and none", tt.of, name)
			}
		}
	}
}

// newAttributesWorld has a tenant in which everything about ANNA and team Finance can be changed.
func newAttributesWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.prod = newTenant(t, sacsim.Options{Name: "prod", SSO: service.SSOCustom}, `{
		"users":[{"id":"ANNA","givenName":"Ann"},{"id":"BOSS"}],
		"teams":[{"id":"Finance","members":["ANNA"]},{"id":"Other","members":["BOSS"]}],
		"roles":["PROFILE:t.A:One"]}`)
	return w
}

// read gives the fields of ANNA and of team Finance, as a new connector reads them.
func (w *world) read() (user, team map[string]string) {
	w.t.Helper()
	snap, err := upstream.Load(w.t.Context(), w.prod.side(w.t).Conn, identity.Scope{
		UserIDs: []string{"ANNA"}, Groups: []string{"Finance"}, MembersOf: []string{"Finance"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return fieldsOf(reflect.ValueOf(*snap.Users["ANNA"]), "", map[string]string{}), fieldsOf(reflect.ValueOf(*snap.Groups["Finance"]), "", map[string]string{})
}

// setting asks for a value of an attribute of ANNA, or of team Finance, and so depends on all that is known of them.
func (w *world) setting(isTeam bool, c attributeCase) engine.Operation {
	user, team := &plan.SetUser{Who: plan.Who{UserID: "ANNA"}}, &plan.SetTeam{Team: "Finance"}
	team.Members = &plan.LinkEdit{Action: identity.Add, Names: []string{"ANNA"}}
	switch {
	case c.name != "" && isTeam:
		team.Description = &c.value
	case c.name != "":
		user.Values = plan.Values{c.name: c.value}
	}
	return engine.Operation{
		From: w.dev.side(w.t), To: w.prod.side(w.t), Command: "test edit",
		Request: engine.FixedRequest(plan.Request{Steps: []plan.Step{{Origin: "1", SetUser: user}, {Origin: "2", SetTeam: team}}}),
	}
}

// eachCase runs a test for every case of people and teams.
func eachCase(t *testing.T, test func(t *testing.T, field string, isTeam bool, c attributeCase)) {
	t.Helper()
	for kind, cases := range map[string]map[string]attributeCase{"person": userCases(), "team": groupCases()} {
		for field, c := range cases {
			t.Run(kind+"'s "+field, func(t *testing.T) {
				t.Parallel()
				test(t, field, kind == "team", c)
			})
		}
	}
}

// TestEveryAttributeIsCarriedFromThePlanToTheTenant looks for each attribute in the plan, its file, the journal, the tenant, and
// the next plan. A saved plan notices that it has changed.
func TestEveryAttributeIsCarriedFromThePlanToTheTenant(t *testing.T) {
	t.Parallel()
	for _, api := range []string{"1", "2"} {
		t.Run("API v"+api, func(t *testing.T) {
			t.Parallel()
			eachCase(t, func(t *testing.T, field string, isTeam bool, c attributeCase) {
				t.Helper()
				if c.none == "" && (api != "1" || c.notV1 == "") {
					wantCarried(t, api, field, isTeam, c)
				}
			})
		})
	}
}

// wantCarried follows one attribute.
func wantCarried(t *testing.T, api, field string, isTeam bool, c attributeCase) {
	t.Helper()
	w := newAttributesWorld(t)
	w.prod.api = api
	user, team := w.read()
	saved := w.savedInAFile(w.setting(isTeam, c))
	if stale, err := w.engine().FindStale(t.Context(), w.setting(isTeam, c), saved); err != nil || len(stale) > 0 {
		t.Fatalf("before anything has changed: stale %v, %v", stale, err)
	}
	if c.name != "" {
		w.wantChanged(isTeam, c, saved)
	} else {
		w.prod.edit(t, c.edit)
	}
	stale, err := w.engine().FindStale(t.Context(), w.setting(isTeam, c), saved)
	if isSame := func(s plan.Stale) bool { return (s.Entity == plan.Team) == isTeam && s.What == "changed" }; err != nil || !slices.ContainsFunc(stale, isSame) {
		t.Errorf("a saved plan does not notice the change: stale %v, %v", stale, err)
	}
	userNow, teamNow := w.read()
	was, is := user, userNow
	if isTeam {
		was, is = team, teamNow
	}
	if was[field] == is[field] {
		t.Errorf("it was and is %q", is[field])
	}
}

// savedInAFile makes a plan and gives it as its file does.
func (w *world) savedInAFile(op engine.Operation) *plan.Plan {
	w.t.Helper()
	op.PlanOnly = true
	report, err := w.engine().Change(w.t.Context(), op)
	if err != nil {
		w.t.Fatal(err)
	}
	var file bytes.Buffer
	if err := plan.Encode(&file, report.Plan); err != nil {
		w.t.Fatal(err)
	}
	p, err := plan.Decode(&file)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(p.Changes, report.Plan.Changes, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("the file has another plan (-file +plan):\n%s", diff)
	}
	return p
}

// wantChanged changes the attribute, and compares plan, journal and next plan with the saved one.
func (w *world) wantChanged(isTeam bool, c attributeCase, saved *plan.Plan) {
	w.t.Helper()
	report, err := w.engine().Change(w.t.Context(), w.setting(isTeam, c))
	if err != nil || len(saved.Changes) != 1 || len(saved.Changes[0].Fields) != 1 {
		w.t.Fatalf("got %v, and the changes %+v; want one of one attribute", err, saved.Changes)
	}
	if f := saved.Changes[0].Fields[0]; f.Name != c.name || f.After != c.value {
		w.t.Errorf("planned %+v, want %s to be %q", f, c.name, c.value)
	}
	run, err := w.engine().Run(w.t.Context(), report.RunID)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(run.Plan.Changes, saved.Changes); diff != "" {
		w.t.Errorf("the journal has another plan (-journal +plan):\n%s", diff)
	}
	next := w.savedInAFile(w.setting(isTeam, c))
	if !next.Empty() {
		w.t.Errorf("the next plan wants %+v", next.Changes)
	}
}

// TestEveryAttributeThatTheTenantIgnoresIsMissed changes attributes in a tenant that accepts all changes and makes none: what was
// asked for is compared with what is there.
func TestEveryAttributeThatTheTenantIgnoresIsMissed(t *testing.T) {
	t.Parallel()
	eachCase(t, func(t *testing.T, field string, isTeam bool, c attributeCase) {
		t.Helper()
		if c.name == "" {
			return
		}
		w := newAttributesWorld(t)
		w.prod.control(t, "POST", "/__settings", `{"ignoredAttributes":["email","loginId","givenName","familyName","displayName","preferredLanguage",
			"active","manager","photos","dataAccessLanguage","dateFormatting","timeFormatting","numberFormatting",
			"cleanUpNotificationsNumberOfDays","systemNotificationsEmailOptIn","isConcurrent","team.description"]}`, nil)
		report, err := w.engine().Change(t.Context(), w.setting(isTeam, c))
		if !sameKind(err, &engine.PartialError{}) {
			t.Fatalf("got %v, want it done in part", err)
		}
		missed := func(l apply.LinkFailure) bool {
			return l.Key == string(c.name) || c.name == plan.FieldManager && l.Key == c.value
		}
		for _, e := range report.Result.Entities {
			if e.Status == apply.Partly && !slices.ContainsFunc(e.Links, missed) {
				t.Errorf("%s: missed %+v, want %s", field, e.Links, c.name)
			}
		}
	})
}

// TestEveryAttributeOfANewPersonIsCarried creates somebody with a value for each attribute.
func TestEveryAttributeOfANewPersonIsCarried(t *testing.T) {
	t.Parallel()
	w := newAttributesWorld(t)
	values, want := plan.Values{}, map[string]string{}
	for field, c := range userCases() {
		if c.name != "" {
			values[c.name], want[field] = c.value, c.value
		}
	}
	want["Photos"] = "[" + want["Photos"] + "]"
	op := w.setting(false, attributeCase{})
	op.Request = engine.FixedRequest(plan.Request{Steps: []plan.Step{{Origin: "1", SetUser: &plan.SetUser{
		Who: plan.Who{UserID: "NEW"}, IfMissing: plan.MissingCreate, Values: values,
		Roles: &plan.LinkEdit{Action: identity.Add, Names: []string{"PROFILE:t.A:One"}},
	}}}})
	want["UserID"], want["Roles"] = "NEW", "[PROFILE:t.A:One]"
	w.savedInAFile(op)
	if _, err := w.engine().Change(t.Context(), op); err != nil {
		t.Fatal(err)
	}
	snap, err := upstream.Load(t.Context(), w.prod.side(t).Conn, identity.Scope{UserIDs: []string{"NEW"}})
	if err != nil {
		t.Fatal(err)
	}
	got := fieldsOf(reflect.ValueOf(*snap.Users["NEW"]), "", map[string]string{})
	for field, is := range got {
		if _, asked := want[field]; asked && is != want[field] {
			t.Errorf("%s is %q, want %q", field, is, want[field])
		}
	}
}
