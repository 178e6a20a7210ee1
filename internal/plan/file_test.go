package plan_test

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sacbridge/internal/identity"
	"sacbridge/internal/plan"
)

// samplePlan has a bit of everything that a plan file can hold.
func samplePlan() *plan.Plan {
	source, target, req, rules := sampleWorld()
	p := plan.Make(req, source, target, rules)
	p.ID, p.Tool, p.Calls = "0190a1b2", "transport 1.0 <test> & more", 12
	p.Created = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	return p
}

func sampleWorld() (source, target identity.Snapshot, req plan.Request, rules plan.Rules) {
	source = tenantOf("email", []identity.User{withManager("A", "B"), withManager("B", "A"), user("C", roleOne, "PROFILE:t.x:Gone")}, group("P", "A", "B", "C"))
	target = tenantOf("email", []identity.User{user("C", roleTwo), user("OWNER", identity.SystemOwnerRole)}, group("P", "OWNER"))
	row := plan.CopyTeam{Users: plan.UsersAll, UserRoles: identity.Replace, UserTeams: identity.Add, TeamRoles: identity.Add, Members: identity.Replace, Name: plan.NameCopy}
	zero := 0
	return source, target, copyTeams(row, "P"), plan.Rules{Guards: plan.Guards{MaxRoleRemoval: plan.Guard{Count: &zero}}}
}

func encoded(tb testing.TB, p *plan.Plan) string {
	tb.Helper()
	var out strings.Builder
	if err := plan.Encode(&out, p); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

func TestAPlanFileIsReadableAndReadsBack(t *testing.T) {
	t.Parallel()
	p := samplePlan()
	file := encoded(t, p)
	for _, want := range []string{
		"{\n  \"version\": 2,\n  \"id\": \"0190a1b2\",\n", `"tool": "transport 1.0 <test> & more"`,
		"\n    {\n      \"entity\": \"user\",\n      \"op\": \"create\",\n", "\n  \"checksum\": \"sha256:",
	} {
		if !strings.Contains(file, want) {
			t.Errorf("got a file without %q:\n%s", want, file)
		}
	}
	got, err := plan.Decode(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, p, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if again := encoded(t, got); again != file {
		t.Errorf("the plan that was read is written differently:\n%s", cmp.Diff(again, file))
	}
}

func TestWhiteSpaceMayChange(t *testing.T) {
	t.Parallel()
	file := strings.ReplaceAll(encoded(t, samplePlan()), "\n", "\r\n  ")
	if _, err := plan.Decode(strings.NewReader(file)); err != nil {
		t.Errorf("got %v, want the plan", err)
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Version: plan.Version, ID: "bad \xff byte", Tool: `text \ufffd and \\ufffd`}
	got, err := plan.Decode(strings.NewReader(encoded(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "bad \uFFFD byte" || got.Tool != p.Tool {
		t.Errorf("got %q and %q, want the replacement character and the text as it was", got.ID, got.Tool)
	}
}

func TestBrokenPlanFilesAreRefused(t *testing.T) {
	t.Parallel()
	file := encoded(t, samplePlan())
	edit := func(old, new string) string {
		if !strings.Contains(file, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(file, old, new, 1)
	}
	tests := map[string]struct {
		file string
		is   error
		want string
	}{
		"nothing":                    {"", plan.ErrNotPlan, "line 1: unexpected end of JSON input"},
		"no JSON":                    {"userid,roles\nA,B\n", plan.ErrNotPlan, "line 1: invalid character"},
		"another JSON file":          {`{"values":[]}`, plan.ErrNotPlan, "it has no version"},
		"a list":                     {`[1]`, plan.ErrNotPlan, "line 1"},
		"cut short":                  {file[:len(file)/2], plan.ErrNotPlan, "unexpected end"},
		"something behind it":        {file + "x", plan.ErrNotPlan, "invalid character 'x'"},
		"a newer version":            {edit(`"version": 2`, `"version": 3, "new": []`), plan.ErrNewerPlan, "it has version 3, this program reads up to 2: use that program, or make a new plan"},
		"version 0":                  {edit(`"version": 2`, `"version": 0`), plan.ErrNotPlan, "it has no version"},
		"an unknown key at the top":  {edit(`"tool"`, `"tools"`), plan.ErrNotPlan, `line 4: the key "tools" is unknown`},
		"an unknown key in a change": {edit(`"op": "create"`, "\n\"operation\": 1"), plan.ErrNotPlan, `json: unknown field "operation"`},
		"a key twice":                {edit(`"version": 2`, `"version": 2, "version": 2`), plan.ErrNotPlan, `line 2: the key "version" is unknown or comes twice`},
		"a key less":                 {edit(`"id": "0190a1b2",`, ""), plan.ErrNotPlan, "it lacks id"},
		"a wrong type":               {edit(`"calls": 12`, `"calls": "12"`), plan.ErrNotPlan, "cannot unmarshal string"},
		"an object for a list":       {edit(`"skips": [`, `"skips": {}, "x": [`), plan.ErrNotPlan, "there is { where [ belongs"},
		"an edited user ID":          {edit(`"key": "A"`, `"key": "Z"`), plan.ErrEdited, "make a new plan instead of editing one"},
		"a removed guard":            {edit(`"guard": "max_role_removal"`, `"guard": "max_create"`), plan.ErrEdited, ""},
		"an edited checksum":         {edit(`sha256:`, `sha256:0`), plan.ErrEdited, "its checksum is not that of its content"},
		"an edited fingerprint":      {edit(`"user:A": "`, `"user:A": "0`), plan.ErrEdited, ""},
		"a second plan behind it":    {file + "{}", plan.ErrNotPlan, "{ follows the end of the plan"},
		"a version that comes late":  {"{\"id\": \"x\", \"version\": 1}", plan.ErrNotPlan, "it has no version at its head"},
		"deep nesting":               {"{\"version\": 1,\n\"tool\": " + strings.Repeat("[", 100) + strings.Repeat("]", 100), plan.ErrNotPlan, "line 2: values are nested more than 32 deep"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := plan.Decode(strings.NewReader(tc.file))
			if p != nil || !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %v: %s", err, tc.is, tc.want)
			}
		})
	}
}

func TestTheLineOfAFault(t *testing.T) {
	t.Parallel()
	file := encoded(t, samplePlan())
	at := strings.Index(file, `"op": "update"`)
	broken := file[:at] + `"opp": "update"` + file[at+len(`"op": "update"`):]
	_, err := plan.Decode(strings.NewReader(broken))
	want := "line " + strconv.Itoa(1+strings.Count(file[:at], "\n")) + ": json: unknown field"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	at = strings.Index(file, `"size": 1`)
	broken = file[:at] + `"size": true` + file[at+len(`"size": 1`):]
	_, err = plan.Decode(strings.NewReader(broken))
	want = "line " + strconv.Itoa(1+strings.Count(file[:at], "\n")) + ": json: cannot unmarshal bool"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestAFileOverTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	_, err := plan.DecodeWithin(endless{}, 1<<20)
	if !errors.Is(err, plan.ErrTooLarge) || !strings.Contains(err.Error(), "more than 1 MiB") {
		t.Errorf("got %v, want a refusal that names the limit", err)
	}
}

var errDisk = errors.New("disk full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errDisk }
func (fullDisk) Read([]byte) (int, error)  { return 0, errDisk }

func TestErrorsOfTheFileItselfAreTold(t *testing.T) {
	t.Parallel()
	if err := plan.Encode(fullDisk{}, samplePlan()); !errors.Is(err, errDisk) || !strings.HasPrefix(err.Error(), "write plan 0190a1b2") {
		t.Errorf("got %v, want it wrapped", err)
	}
	if _, err := plan.Decode(fullDisk{}); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want it wrapped", err)
	}
	unwritable := samplePlan()
	unwritable.Created = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) // JSON has no such year
	if err := plan.Encode(io.Discard, unwritable); err == nil || !strings.HasPrefix(err.Error(), "encode plan 0190a1b2: created:") {
		t.Errorf("got %v, want the value named", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(encoded(f, samplePlan())))
	f.Add([]byte(earlierPlan(f)))
	f.Add([]byte(encoded(f, &plan.Plan{Version: plan.Version})))
	f.Add([]byte(`{"version":1,"changes":[{"entity":"user"}]}`))
	f.Add([]byte(`{"version":1,"changes":[{"user":{"opp":1}}],"changes":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Decode(bytes.NewReader(data))
		if err != nil {
			if p != nil {
				t.Error("got a plan with an error")
			}
			return
		}
		again, err := plan.Decode(strings.NewReader(encoded(t, p)))
		if err != nil {
			t.Fatalf("what was read once is refused when written again: %v", err)
		}
		if diff := cmp.Diff(again, p, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-again +once):\n%s", diff)
		}
	})
}
