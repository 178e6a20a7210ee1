package scim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/scim"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func kim(t testing.TB) *scim.Resource {
	t.Helper()
	r := user(t, `"externalId":"X1","active":true,"displayName":"Kim \"K\" (Lee)","name":{"givenName":"Kim","familyName":"Müller"},
		"emails":[{"value":"kim@work.example","type":"work","primary":true},{"value":"kim@home.example","type":"home"}],
		"addresses":[{"type":"work","country":"DE","locality":"Bonn"},{"type":"home","country":"FR"}],
		"roles":[{"value":"admin","primary":true}],"phoneNumbers":[{"value":"+1 555"}],
		"@E":{"department":"R&D","manager":{"value":"m1"}},"@S":{"cleanUpNotificationsNumberOfDays":30,"isConcurrent":false}`)
	r.SetCommon("u1", scim.Meta{Created: at("2026-01-02T03:04:05.678Z"), Modified: at("2026-03-01T12:00:00Z"), Version: `W/"7"`})
	return r
}

func TestFilterMatches(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		filter string
		want   bool
	}{
		"names and operators in any case":                 {`USERNAME EQ "kim"`, true},
		"and, or, not in any case":                        {`NOT (userName eq "x") AND (title PR OR active eq true)`, true},
		"userName without regard to case":                 {`userName eq "KIM"`, true},
		"beyond ASCII":                                    {`name.familyName eq "MÜLLER"`, true},
		"e-mail addresses without regard to case":         {`emails.value eq "KIM@work.example"`, true},
		"externalId with regard to case":                  {`externalId eq "x1"`, false},
		"externalId as it is":                             {`externalId eq "X1"`, true},
		"the version with regard to case":                 {`meta.version eq "w/\"7\""`, false},
		"instants in another offset":                      {`meta.created eq "2026-01-02T04:04:05.678+01:00"`, true},
		"later than":                                      {`meta.lastModified gt "2026-03-01T12:30:00+01:00"`, true},
		"not later than itself":                           {`meta.lastModified gt "2026-03-01T12:00:00Z"`, false},
		"itself or earlier":                               {`meta.lastModified le "2026-03-01T12:00:00.000Z"`, true},
		"and binds before or":                             {`userName eq "kim" or userName eq "x" and title pr`, true},
		"groups bind first":                               {`(userName eq "kim" or userName eq "x") and title pr`, false},
		"pr of a complex attribute":                       {`name pr`, true},
		"pr of a multi-valued attribute":                  {`emails pr and not (ims pr)`, true},
		"pr of a part":                                    {`name.middleName pr`, false},
		"a value path is about one element as a whole":    {`emails[type eq "work" and value co "home"]`, false},
		"apart the terms may match different elements":    {`emails.type eq "work" and emails.value co "home"`, true},
		"the full grammar in a value path":                {`addresses[not (type eq "home") and (country eq "FR" or country eq "DE")]`, true},
		"a value path with other terms":                   {`emails[type eq "home"] and userName sw "k"`, true},
		"a comparison of e-mails is one of their value":   {`emails eq "kim@home.example"`, true},
		"and so is co":                                    {`emails co "WORK"`, true},
		"Entra's form":                                    {`emails[type eq "work"].value eq "kim@work.example"`, true},
		"Entra's form is about one element":               {`emails[type eq "work"].value eq "kim@home.example"`, false},
		"Entra's form with two conditions":                {`emails[type eq "work" and primary eq true].value sw "kim"`, true},
		"the manager by his id (Entra)":                   {`id eq "u1" and manager eq "m1"`, true},
		"quotes and parentheses in a value":               {`displayName eq "kim \"k\" (lee)"`, true},
		"keywords and brackets in a value":                {`displayName eq "a] and (b or not c"`, false},
		"a character by its number":                       {`name.familyName eq "m\u00fcller"`, true},
		"a qualified core name":                           {`@U:userName eq "kim"`, true},
		"a qualified part":                                {`@U:name.familyName sw "Mü"`, true},
		"an extension":                                    {`@E:department eq "r&d"`, true},
		"a part in an extension, the URN in another case": {`URN:ietf:params:SCIM:schemas:extension:enterprise:2.0:USER:manager.VALUE eq "m1"`, true},
		"hyphens in the URN":                              {`@S:isConcurrent eq false`, true},
		"core and extension in one filter":                {`userName eq "kim" and @E:department pr`, true},
		"a boolean as text (Entra)":                       {`active eq "True"`, true},
		"a boolean that differs":                          {`active ne true`, false},
		"roles[primary eq \"True\"] (Entra)":              {`roles[primary eq "True"].value eq "admin"`, true},
		"ne of what is absent":                            {`nickName ne "x"`, true},
		"ne of an absent multi-valued attribute":          {`ims.value ne "x"`, true},
		"ne where one of the values differs":              {`emails.value ne "kim@work.example"`, true},
		"ne of the one value there is":                    {`roles.value ne "admin"`, false},
		"eq of what is absent":                            {`nickName eq "x"`, false},
		"eq null is absent":                               {`nickName eq null and not (userName eq null)`, true},
		"ne null is present":                              {`userName ne null and not (nickName ne null)`, true},
		"numbers by their value":                          {`cleanUpNotificationsNumberOfDays ge 3.0e1`, true},
		"numbers are not text":                            {`cleanUpNotificationsNumberOfDays lt 4`, false},
		"a number in quotes":                              {`cleanUpNotificationsNumberOfDays eq "30"`, true},
		"order of text without regard to case":            {`userName gt "KIL" and userName lt "KIN"`, true},
		"the beginning and the end":                       {`userName sw "ki" and userName ew "IM"`, true},
		"schemas hold the extension":                      {`schemas eq "@E"`, true},
		"the id":                                          {`id eq "u1"`, true},
		"blanks around":                                   {"  \tuserName   eq\n\"kim\"  ", true},
		"blanks inside parentheses":                       {`( userName eq "kim" )`, true},
		"not without a blank":                             {`not(userName eq "kim")`, false},
		"a value filter of one condition":                 {`emails[value eq "kim@home.example"]`, true},
		"a value filter on a singular complex attribute":  {`name[givenName eq "kim"]`, true},
	}
	r := kim(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := scim.ParseFilter(scim.User(), expand(tc.filter), scim.Tolerance{})
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Match(r); got != tc.want {
				t.Errorf("%s: got %t, want %t", tc.filter, got, tc.want)
			}
		})
	}
}

func TestFilterIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ filter, word string }{
		"no operator":                         {`userName`, "column 9: eq, ne, co"},
		"no value":                            {`userName eq`, "column 12: a value is missing"},
		"a wrong operator":                    {`userName is "x"`, "column 10: eq, ne, co"},
		"a value that does not end":           {`userName eq "x`, "not terminated"},
		"text after the filter":               {`userName eq "x" "y"`, "column 17: and, or, or the end"},
		"an empty filter":                     {``, "column 1: an attribute"},
		"a missing operand":                   {`userName pr and`, "an attribute is expected"},
		"a closing parenthesis too few":       {`(userName pr`, "closing parenthesis"},
		"a closing parenthesis too many":      {`userName pr)`, "column 12"},
		"a closing bracket too few":           {`emails[type pr`, "closing bracket"},
		"a value path in a value path":        {`emails[type[value pr]]`, "column 12: a value path"},
		"a value path on text":                {`userName[value eq "x"]`, "only a complex attribute"},
		"an unknown attribute":                {`userName pr and shoeSize gt 4`, "column 17: shoeSize: no schema"},
		"an unknown part":                     {`name.shoe eq "x"`, "name.shoe"},
		"an unknown part in a value path":     {`emails[shoe eq "x"]`, "shoe"},
		"the password":                        {`password eq "x"`, "never returned"},
		"the password by another name":        {`@U:PASSWORD sw "x"`, "never returned"},
		"order of a boolean":                  {`active gt true`, "has no order"},
		"order of a boolean in a value path":  {`emails[primary ge "true"]`, "has no order"},
		"order of a binary":                   {`x509Certificates.value lt "YQ=="`, "has no order"},
		"a part of a boolean":                 {`active co "r"`, "compares text"},
		"a number where text belongs":         {`userName eq 5`, "string in quotes"},
		"a boolean where text belongs":        {`userName eq true`, "string in quotes"},
		"text where a boolean belongs":        {`active eq "maybe"`, "true or false"},
		"text where a number belongs":         {`cleanUpNotificationsNumberOfDays eq "x"`, "a number"},
		"a date without time":                 {`meta.created gt "2026-01-01"`, "dateTime"},
		"a dateTime without offset":           {`meta.created gt "2026-01-01T00:00:00"`, "dateTime"},
		"a complex attribute without value":   {`name eq "x"`, "has parts"},
		"null with an order":                  {`userName gt null`, "eq and ne only"},
		"a value without quotes":              {`userName eq kim`, "without quotes"},
		"a wrong escape":                      {`userName eq "\x"`, "escape"},
		"a part after a part of a value path": {`emails[type eq "work"].value.x eq "y"`, "value.x"},
		"too long":                            {`userName eq "` + strings.Repeat("x", 9000) + `"`, "8192 bytes"},
		"too deep":                            {strings.Repeat("(", 51) + `userName pr` + strings.Repeat(")", 51), "50 levels"},
		"too deep in not":                     {strings.Repeat("not (", 51) + `userName pr` + strings.Repeat(")", 51), "50 levels"},
		"very deep":                           {strings.Repeat("(", 8000), "50 levels"},
		"too many terms":                      {`title pr` + strings.Repeat(" or title pr", 200), "200 terms"},
		"NUL":                                 {"userName pr \x00", "control character"},
		"what is not UTF-8":                   {"userName eq \"\xff\"", "UTF-8"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scim.ParseFilter(scim.User(), expand(tc.filter), scim.Tolerance{})
			wantError(t, err, scim.InvalidFilter, tc.word)
		})
	}
}

func TestFilterAtItsLimitsIsRead(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]string{
		"50 levels": strings.Repeat("(", 50) + `userName pr` + strings.Repeat(")", 50),
		"200 terms": `title pr` + strings.Repeat(" or title pr", 199),
		"8 KiB":     `userName eq "` + strings.Repeat("x", 8192-14) + `"`,
	} {
		if _, err := scim.ParseFilter(scim.User(), filter, scim.Tolerance{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnquotedValuesUnderTheTolerance(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`userName eq kim`:                       `userName eq "kim"`,
		`userName sw O and active eq true`:      `userName sw "O" and active eq true`,
		`(userName eq kim@x.example)`:           `userName eq "kim@x.example"`,
		`externalId eq 17`:                      `externalId eq "17"`,
		`externalId eq true`:                    `externalId eq "true"`,
		`emails[type eq work].value eq a@b.org`: `emails[type eq "work" and value eq "a@b.org"]`,
		`nickName eq NULL`:                      `nickName eq null`,
		`active eq TRUE`:                        `active eq true`,
	}
	for in, want := range tests {
		f, err := scim.ParseFilter(scim.User(), in, scim.Tolerance{UnquotedValues: true})
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := f.String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestConjunctsPushNegationDown(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		`userName eq "a"`: {`userName eq "a"`},
		`userName eq "a" and (title pr and active eq true)`:   {`userName eq "a"`, `title pr`, `active eq true`},
		`not (title pr or active eq true)`:                    {`not (title pr)`, `not (active eq true)`},
		`not (not (title pr and active eq true))`:             {`title pr`, `active eq true`},
		`not (title pr and active eq true)`:                   {`not (title pr) or not (active eq true)`},
		`not (title pr or not (active eq true or locale pr))`: {`not (title pr)`, `active eq true or locale pr`},
	}
	for in, want := range tests {
		f, err := scim.ParseFilter(scim.User(), in, scim.Tolerance{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range f.Conjuncts() {
			got = append(got, (&scim.Filter{Root: e}).String())
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", in, diff)
		}
	}
}

func TestBoundsForThePlanner(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind, filter string
		want         []string
		exact        bool
	}{
		"the user's name":         {"", `userName eq "KIM"`, []string{"userName eq kim"}, true},
		"the id keeps its case":   {"", `id eq "ABC"`, []string{"id eq ABC"}, true},
		"Entra's e-mail form":     {"", `emails[type eq "work"].value eq "A@b"`, []string{"emails.type eq work", "emails.value eq a@b"}, false},
		"e-mails by value":        {"", `emails eq "A@b"`, []string{"emails.value eq a@b"}, true},
		"a value path of one":     {"", `emails[value eq "a"]`, []string{"emails.value eq a"}, true},
		"a range of changes":      {"", `meta.lastModified gt "2026-01-01T00:00:00Z" and meta.lastModified le "2026-02-01T00:00:00Z"`, []string{"meta.lastModified gt 2026-01-01T00:00:00Z", "meta.lastModified le 2026-02-01T00:00:00Z"}, true},
		"the member check":        {"Group", `id eq "g" and members eq "u"`, []string{"id eq g", "members.value eq u"}, true},
		"the beginning of a name": {"Group", `displayName sw "SA"`, []string{"displayName sw sa"}, true},
		"what no index serves":    {"", `title co "x" and userName eq "a"`, []string{"userName eq a"}, false},
		"a negation":              {"", `not (userName eq "a")`, nil, false},
		"a choice":                {"", `userName eq "a" or id eq "b"`, nil, false},
		"null":                    {"", `userName eq null`, nil, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := scim.ParseFilter(typeOf(tc.kind), tc.filter, scim.Tolerance{})
			if err != nil {
				t.Fatal(err)
			}
			bounds, exact := f.Bounds()
			var got []string
			for _, b := range bounds {
				got = append(got, b.Ref.Name+" "+string(b.Op)+" "+b.Value.Folded)
			}
			if diff := cmp.Diff(got, tc.want); diff != "" || exact != tc.exact {
				t.Errorf("got exact %t, want %t (-got +want):\n%s", exact, tc.exact, diff)
			}
		})
	}
}

func TestAlternativesAreTheBranchesOfAnOr(t *testing.T) {
	t.Parallel()
	f, err := scim.ParseFilter(scim.User(), `id eq "a" or (userName eq "b" or title pr and locale pr)`, scim.Tolerance{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range f.Alternatives() {
		got = append(got, a.String())
	}
	if diff := cmp.Diff(got, []string{`id eq "a"`, `userName eq "b"`, `title pr and locale pr`}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if got := f.Alternatives()[0].Alternatives(); len(got) != 1 {
		t.Errorf("got %d alternatives of a term, want itself", len(got))
	}
}

// membership is a view that knows its members without listing them.
type membership struct{ *scim.Resource }

func (membership) Contains(ref *scim.Ref, value string) (has, known bool) {
	return value == "u1", ref.Name == "members.value"
}

func TestMembershipIsAskedForWithoutAList(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		`members eq "u1"`: true, `members.value eq "u2"`: false, `members[value eq "u1"]`: true,
		`displayName eq "sales" and members eq "u1"`: true, `not (members eq "u1")`: false, `members.display eq "u1"`: false,
	}
	for filter, want := range tests {
		f, err := scim.ParseFilter(scim.Group(), filter, scim.Tolerance{})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(membership{group(t)}); got != want {
			t.Errorf("%s: got %t, want %t", filter, got, want)
		}
	}
}

func TestTheFiltersThatProvidersSendAllDay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		filter string
		want   string // in canonical spelling, "" where it is rejected
	}{
		"a user's name":               {`userName eq "Kim"`, `userName eq "Kim"`},
		"in any case":                 {`USERNAME EQ "kim"`, `userName eq "kim"`},
		"qualified":                   {`@U:userName eq "kim"`, `userName eq "kim"`},
		"an extension":                {`@E:department eq "d"`, `@E:department eq "d"`},
		"the id":                      {`id eq "1"`, `id eq "1"`},
		"e-mails":                     {`emails eq "a"`, `emails.value eq "a"`},
		"Entra's form":                {`emails[type eq "work"].value eq "a"`, `emails[type eq "work" and value eq "a"]`},
		"Entra's form in other cases": {`Emails[TYPE Eq "work"].Value EQ "a"`, `emails[type eq "work" and value eq "a"]`},
		"the manager":                 {`manager eq "m"`, `@E:manager.value eq "m"`},
		"an escape":                   {`userName eq "a\"b"`, `userName eq "a\"b"`},
		"letters beyond ASCII":        {`userName eq "ü"`, `userName eq "ü"`},
		"two terms":                   {`userName eq "a" and title pr`, `userName eq "a" and title pr`},
		"another operator":            {`userName sw "a"`, `userName sw "a"`},
		"a boolean":                   {`active eq "true"`, `active eq true`},
		"the password":                {`password eq "x"`, ``},
		"what does not exist":         {`shoe eq "x"`, ``},
		"a missing quote":             {`userName eq "x`, ``},
		"blanks":                      {`userName  eq "x"`, `userName eq "x"`},
		"an empty type":               {`emails[type eq ""].value eq "x"`, `emails[type eq "" and value eq "x"]`},
		"the type of a name":          {`name[type eq "x"].value eq "y"`, ``},
	}
	for name, tc := range tests {
		f, err := scim.ParseFilter(scim.User(), expand(tc.filter), scim.Tolerance{})
		got := ""
		if err == nil {
			got = f.String()
		}
		if got != expand(tc.want) {
			t.Errorf("%s: got %q, want %q", name, got, expand(tc.want))
		}
	}
}

func TestEqualsIsTheFilterThatIsParsed(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"Kim", "", `a"b`, "ü"} {
		for _, name := range []string{"userName", "externalId", "name.givenName"} {
			ref, ok := scim.User().Ref(name)
			if !ok {
				t.Fatalf("%s does not exist", name)
			}
			want, err := scim.ParseFilter(scim.User(), name+" eq "+quoted(value), scim.Tolerance{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(scim.Equals(ref, value), want, byName()); diff != "" {
				t.Errorf("%s eq %q (-got +want):\n%s", name, value, diff)
			}
		}
	}
}
