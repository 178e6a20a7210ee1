package script_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sacbridge/internal/dataset"
	"sacbridge/internal/dataset/script"
	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// request reads text as the data file of a script.
func request(t *testing.T, number, file, text string) (plan.Request, []string, error) {
	t.Helper()
	s, err := script.Lookup(number)
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.Read(strings.NewReader(text), file, dataset.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	req, warnings, err := s.Request(table, plan.Options{})
	var texts []string
	for _, w := range warnings {
		texts = append(texts, w.String())
	}
	return req, texts, err
}

func open(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// The CSV and the JSON form of a file ask for the same.
func TestOurSamples(t *testing.T) {
	t.Parallel()
	ada := plan.CopyUser{UserID: "ADA", Users: plan.UsersAll, Roles: identity.Add, Teams: identity.Add}
	bruno := plan.CopyUser{UserID: "BRUNO", Users: plan.UsersAll, Roles: identity.Replace, Teams: identity.Keep}
	clara := plan.CopyUser{UserID: "CLARA", Users: plan.UsersAll, Roles: identity.Add, Teams: identity.Replace}
	finance := plan.CopyTeam{
		Team: "Finance", Users: plan.UsersAll, UserRoles: identity.Add, UserTeams: identity.Keep,
		TeamRoles: identity.Replace, Members: identity.Add, Name: plan.NameCopy,
	}
	planning := plan.CopyTeam{
		Team: "Planning", Users: plan.UsersNone, UserRoles: identity.Keep, UserTeams: identity.Keep,
		TeamRoles: identity.Keep, Members: identity.Add, Name: plan.NameKeep,
	}
	controlling := planning
	controlling.Team = "Controlling"
	for number, want := range map[string][]plan.Step{
		"903": {{CopyUser: &ada}, {CopyUser: &bruno}},
		"933": {{CopyUser: &clara}},
		"953": {{CopyTeam: &finance}, {CopyTeam: &planning}},
		"983": {{CopyTeam: &finance}, {CopyTeam: &controlling}},
	} {
		for _, ext := range []string{".csv", ".json"} {
			got, warnings, err := request(t, number, number+ext, open(t, "../../../testdata/data/"+number+ext))
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%s%s: got %v, %v", number, ext, warnings, err)
			}
			for i := range got.Steps {
				if !strings.HasPrefix(got.Steps[i].Origin, number+ext+":") {
					t.Errorf("got origin %q, want file and line", got.Steps[i].Origin)
				}
				got.Steps[i].Origin = ""
			}
			if diff := cmp.Diff(got.Steps, want); diff != "" {
				t.Errorf("%s%s (-got +want):\n%s", number, ext, diff)
			}
		}
	}
}

func TestOriginAndOptions(t *testing.T) {
	t.Parallel()
	s, err := script.Lookup("1903")
	if err != nil {
		t.Fatal(err)
	}
	table, _, err := dataset.Read(strings.NewReader(open(t, "../../../testdata/data/903.json")), "some/folder/903.json", dataset.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	opts := plan.Options{TranslateRoles: true, Active: plan.ActiveSource}
	req, _, err := s.Request(table, opts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(req.Options, opts); diff != "" {
		t.Errorf("options (-got +want):\n%s", diff)
	}
	if got, want := req.Steps[1].Origin, "903.json:3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

const teamHeader = "file_primary_team,file_transport_primary_team_displayname,file_transport_primary_team_roles_action," +
	"file_transport_primary_team_user_membership,file_transport_users_of_primary_team,file_users_roles_action,file_users_teams_action\n"

func TestFaultsOfRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number, text string
		want         []string
	}{
		"every row is looked at": {
			"903", "file_userid,file_roles_action,file_teams_action\nA,added,add\n,add,Keep\n",
			[]string{
				`f:2: file_roles_action: unknown action "added": use keep, add, remove, replace`,
				`f:3: file_userid: is empty`,
				`f:3: file_teams_action: unknown action "Keep": use keep, add, remove, replace (in lower case, without spaces)`,
			},
		},
		"a missing column is reported once": {
			"903", "file_userid,file_role_action,file_teams_action\nA,add,add\nB,add,add\n",
			[]string{"f:1: file_roles_action: there is no such column: is it the one called file_role_action?"},
		},
		"a missing JSON field is reported for each row": {
			"903", `[{"file_userid":"A","file_roles_action":"add"},` + "\n" + `{"file_userid":"B","file_roles_action":"add","file_team_action":"add"}]`,
			[]string{
				"f:1: file_teams_action: is missing",
				"f:2: file_teams_action: is missing: is it the one called file_team_action?",
			},
		},
		"a set action on the links of people": {
			"953", teamHeader + "T,true,intersect,true,true,intersect,keep\n",
			[]string{`f:2: file_users_roles_action: unknown action "intersect": use keep, add, remove, replace`},
		},
		"an action that only script 1665 has": {
			"953", teamHeader + "T,true,invert,true,true,keep,keep\n",
			[]string{`f:2: file_transport_primary_team_roles_action: unknown action "invert": use keep, add, remove, replace, intersect, exclude`},
		},
		"an empty action": {
			"953", teamHeader + "T,true,,true,true,keep,keep\n",
			[]string{`f:2: file_transport_primary_team_roles_action: is empty: unknown action "": use keep, add, remove, replace, intersect, exclude`},
		},
		"a boolean as spreadsheets write it": {
			"953", teamHeader + "T,TRUE,keep,False,true,keep,keep\n",
			[]string{
				"f:2: file_transport_primary_team_displayname: is TRUE: write true in lower case (in a spreadsheet, make the column text first)",
				"f:2: file_transport_primary_team_user_membership: is False: write false in lower case (in a spreadsheet, make the column text first)",
			},
		},
		"actions that are needed": {
			"953", teamHeader + "T,true,keep,false,true,,keep\n",
			[]string{"f:2: file_users_roles_action: is empty, and it is needed where file_transport_users_of_primary_team is true"},
		},
		"actions that are needed and absent": {
			"953", `[{"file_primary_team":"T","file_transport_primary_team_displayname":false,"file_transport_primary_team_roles_action":"keep",
"file_transport_primary_team_user_membership":false,"file_transport_users_of_primary_team":true,"file_user_roles_action":"keep"}]`,
			[]string{
				"f:1: file_users_roles_action: is missing, and it is needed where file_transport_users_of_primary_team is true: is it the one called file_user_roles_action?",
				"f:1: file_users_teams_action: is missing, and it is needed where file_transport_users_of_primary_team is true: is it the one called file_user_roles_action?",
			},
		},
		"an action that has no effect must be valid all the same": {
			"983", teamHeader + "T,true,keep,false,false,ad,keep\n",
			[]string{`f:2: file_users_roles_action: unknown action "ad": use keep, add, remove, replace`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, _, err := request(t, c.number, "f", c.text)
			if err == nil {
				t.Fatal("the file is accepted")
			}
			if diff := cmp.Diff(strings.Split(err.Error(), "\n"), c.want); diff != "" {
				t.Errorf("faults (-got +want):\n%s", diff)
			}
			if len(req.Steps) > 0 {
				t.Error("a broken file gives steps")
			}
		})
	}
}

func TestWarningsAboutRows(t *testing.T) {
	t.Parallel()
	_, got, err := request(t, "903", "f", "file_userid,file_roles_action,file_teams_action,file_teams_actions,note\nA,add,add,,x\nB,add,add,,\nA,keep,keep,,\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"f:1: file_teams_actions: unknown field, ignored",
		"f:1: note: unknown field, ignored",
		`f:4: user ID "A" (lines 2 and 4): given twice, and each row counts, one after the other`,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("warnings (-got +want):\n%s", diff)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{"1903": "1903", "903": "1903", "x953": "1953", " 983 ": "1983", "1933": "1933"} {
		s, err := script.Lookup(number)
		if err != nil || s.Number != want {
			t.Errorf("%q: got %q, %v, want %q", number, s.Number, err, want)
		}
	}
	for number, want := range map[string]string{
		"1101": "script 1101 (create users) cannot be run here; the numbers that can are 1903, 1933, 1953, 1983",
		"101":  "script 1101 (create users) cannot be run here; the numbers that can are 1903, 1933, 1953, 1983",
		"x666": "script 2666 (migrate users to new user IDs) cannot be run here; the numbers that can are 1903, 1933, 1953, 1983",
		"2953": `there is no sample script "2953"; the numbers that can be run are 1903, 1933, 1953, 1983`,
		"":     `there is no sample script ""; the numbers that can be run are 1903, 1933, 1953, 1983`,
	} {
		if _, err := script.Lookup(number); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %q", number, err, want)
		}
	}
}

// The page of data files names every field of every script, with what it allows.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	page := open(t, "../../../docs/data-files.md")
	for _, number := range []string{"1903", "1933", "1953", "1983"} {
		s, err := script.Lookup(number)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Fields) == 0 || s.Title == "" || s.Data != "x"+number[1:] {
			t.Errorf("%s is not described: %+v", number, s)
		}
		for _, f := range s.Fields {
			kind := string(f.Kind)
			if f.Kind == script.Action {
				kind = strings.Join(f.Allowed, ", ")
			}
			need := "yes"
			if !f.Required {
				need = "with users"
			}
			row := "| `" + f.Name + "` | " + kind + " | " + need + " | " + f.Doc + " |"
			if !strings.Contains(page, row) {
				t.Errorf("docs/data-files.md lacks the row\n%s", row)
			}
		}
	}
}

// sapSamples gives SAP's example files that match a pattern. They are not part of this repository: they
// lie beside it, and where they are missing a run of the continuous integration must not pass silently.
func sapSamples(t *testing.T, pattern string) []string {
	t.Helper()
	dir := repoRoot(t)
	files, err := filepath.Glob(filepath.Join(dir, "..", "shared", "testdata", "sap-samples", "data", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no SAP example file matches %s beside the repository", pattern)
		}
		t.Skipf("no SAP example file matches %s beside the repository", pattern)
	}
	return files
}

// repoRoot gives the folder with go.mod.
func repoRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("there is no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
}

func TestSAPExamplesLoadUnchanged(t *testing.T) {
	t.Parallel()
	for data, rows := range map[string]map[string]int{
		"903": {".csv": 1, ".json": 1}, "933": {".csv": 1, ".json": 1},
		"953": {".csv": 1, ".json": 4}, "983": {".csv": 1, ".json": 4},
	} {
		files := sapSamples(t, "x"+data+"/*")
		if len(files) != 2 {
			t.Errorf("x%s: got %d files, want a CSV and a JSON file", data, len(files))
		}
		for _, file := range files {
			req, _, err := request(t, data, filepath.Base(file), open(t, file))
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if got, want := len(req.Steps), rows[filepath.Ext(file)]; got != want {
				t.Errorf("%s: got %d rows, want %d", file, got, want)
			}
		}
	}
}

// Every other example of SAP parses as a table, but for the one whose quotation marks are broken: teams
// must not be deleted from a half-read file.
func TestSAPExamplesParse(t *testing.T) {
	t.Parallel()
	files := slices.Concat(sapSamples(t, "x*/*"), sapSamples(t, "Scenarios/*/*"))
	refused := 0
	for _, file := range files {
		if ext := filepath.Ext(file); ext != ".csv" && ext != ".json" {
			continue
		}
		table, _, err := dataset.Read(strings.NewReader(open(t, file)), file, dataset.Limits{})
		if strings.HasPrefix(filepath.Base(file), "x801-x802-sample-example-2") && strings.HasSuffix(file, ".json") {
			refused++
			if err == nil || !strings.Contains(err.Error(), ".json:126:") {
				t.Errorf("got %v, want a fault on line 126", err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, field := range table.Fields {
			if !strings.HasPrefix(field, "file_") {
				t.Errorf("%s: got a field %q, want SAP's names", file, field)
			}
		}
	}
	if refused != 1 || len(files) < 100 {
		t.Errorf("got %d files, %d to be refused, want over 100 and 1", len(files), refused)
	}
}
