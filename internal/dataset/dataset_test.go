package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"sacbridge/internal/identity"
)

// texts gives the rows of a table as maps, for comparing.
func texts(t *Table) []map[string]string {
	out := []map[string]string{}
	for _, r := range t.Rows {
		row := map[string]string{}
		for _, f := range t.Fields {
			if v, ok := r.cell(f); ok {
				row[f] = v.text
			}
		}
		out = append(out, row)
	}
	return out
}

func read(text string) (*Table, []Warning, error) {
	return Read(strings.NewReader(text), "f", Limits{})
}

func encode(t *testing.T, e unicode.Endianness, policy unicode.BOMPolicy, text string) string {
	t.Helper()
	out, err := unicode.UTF16(e, policy).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDialects(t *testing.T) {
	t.Parallel()
	want := []map[string]string{{"name": "Jürgen", "team": "A, B"}, {"name": "Zoë", "team": ""}}
	const plain = "name;team\nJürgen;A, B\nZoë;\n"
	for name, text := range map[string]string{
		"commas":                        "name,team\nJürgen,\"A, B\"\nZoë,\n",
		"semicolons":                    plain,
		"tabs":                          "name\tteam\nJürgen\tA, B\nZoë\t\n",
		"carriage returns":              "name;team\r\nJürgen;A, B\r\nZoë;\r\n",
		"no line end at the end":        "name;team\nJürgen;A, B\nZoë;",
		"a sep line":                    "sep=;\n" + plain,
		"a quoted sep line":             "\"sep=;\"\r\n" + plain,
		"a sep line that decides":       "sep=;\nname;team\nJürgen;A, B\nZoë;\n",
		"spaces around cells":           " name ; team \n Jürgen ; A, B \nZoë ; \n",
		"spaces before a quoted cell":   "name, team\nJürgen, \"A, B\"\nZoë, \"\"\n",
		"empty lines":                   "\nname;team\n\nJürgen;A, B\n\n\nZoë;\n\n",
		"a line of separators":          "name;team\nJürgen;A, B\n;\nZoë;\n",
		"empty columns at the end":      "name;team;;\nJürgen;A, B;;\nZoë;;;;\n",
		"quoted names":                  "\"name\";\"team\"\nJürgen;A, B\nZoë;\n",
		"UTF-8 with a mark":             "\ufeff" + plain,
		"UTF-16 little with a mark":     encode(t, unicode.LittleEndian, unicode.UseBOM, plain),
		"UTF-16 big with a mark":        encode(t, unicode.BigEndian, unicode.UseBOM, plain),
		"UTF-16 little without a mark":  encode(t, unicode.LittleEndian, unicode.IgnoreBOM, plain),
		"UTF-16 big without a mark":     encode(t, unicode.BigEndian, unicode.IgnoreBOM, plain),
		"JSON":                          `[{"name":"Jürgen","team":"A, B"},{"name":"Zoë","team":""}]`,
		"JSON with a mark":              "\ufeff" + `[{"name":"Jürgen","team":"A, B"},{"name":"Zoë","team":""}]`,
		"JSON in UTF-16":                encode(t, unicode.LittleEndian, unicode.UseBOM, `[{"name":"Jürgen","team":"A, B"},{"name":"Zoë","team":""}]`),
		"JSON with escapes":             `[{"name":"J\u00fcrgen","team":"A, B"},{"name":"Zo\u00eb","team":""}]`,
		"JSON with commas at the end":   `[{"name":"Jürgen","team":"A, B",},{"name":"Zoë","team":"",},]`,
		"JSON with a bracket too many":  `[{"name":"Jürgen","team":"A, B"},{"name":"Zoë","team":""}]]`,
		"JSON with space in all places": " [ { \"name\" : \"Jürgen\" ,\n \"team\" : \"A, B\" } , { \"name\":\"Zoë\",\"team\":\"\"\t} ]\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, warnings, err := read(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(texts(table), want); diff != "" {
				t.Errorf("rows (-got +want):\n%s", diff)
			}
			odd := strings.Contains(name, "at the end") && strings.HasPrefix(name, "JSON") || strings.Contains(name, "too many") || strings.Contains(name, "line of sep")
			if odd != (len(warnings) > 0) {
				t.Errorf("got warnings %v", warnings)
			}
		})
	}
}

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                    {"", "f: the file is empty: its first line must name the fields"},
		"a header only":              {"a,b\n", "f: the file has no rows"},
		"an empty JSON list":         {"[]", "f: the file has no rows"},
		"only separators":            {",,\n1,2\n", "f:1: the first line names no field"},
		"two columns of one name":    {"a,a\n1,2\n", "f:1: two columns are called a"},
		"a column without a name":    {"a,,b\n1,2,3\n", "f:1: column 2 has no name"},
		"too few cells":              {"a,b\n1,2\n3\n", `f:3: the line has 1 cells and the header has 2 (cells are separated by ","; one that holds it needs quotation marks)`},
		"too many cells, twice":      {"a\tb\n1\t2\t3\n\n1\t2\t3\n", "f:2: the line has 3 cells and the header has 2 (cells are separated by tabs)\nf:4: the line has 3 cells and the header has 2 (cells are separated by tabs)"},
		"lines after a sep line":     {"sep=,\na,b\n1\n", `f:3: the line has 1 cells and the header has 2 (cells are separated by ","; one that holds it needs quotation marks)`},
		"a stray quotation mark":     {"a,b\n1,x\"y\n", "f:2:4: a quotation mark inside a cell that is not quoted: put the whole cell in quotation marks and double the one inside"},
		"a quoted cell without end":  {"a,b\n1,\"y\n", "f:2:6: a quoted cell does not end where it should: double the quotation marks inside it, and close it before the separator"},
		"a quote over many lines":    {"a,b\n1,\"y\n2,z\n", "f:2: a quoted cell does not end where it should: double the quotation marks inside it, and close it before the separator (the row goes on to line 3)"},
		"a broken header":            {"a,\"b\n", "f:1:6: a quoted cell does not end where it should: double the quotation marks inside it, and close it before the separator"},
		"Windows-1252":               {"a\nJ\xfcrgen\n", `f:2: this line is neither UTF-8 nor UTF-16: save the file as "CSV UTF-8"`},
		"half a UTF-16 character":    {"\xff\xfea\x00b", `f:1: this line is neither UTF-8 nor UTF-16: save the file as "CSV UTF-8"`},
		"a zero byte":                {"abc\n\x00\n", `f:2: this line is neither UTF-8 nor UTF-16: save the file as "CSV UTF-8"`},
		"an object":                  {`{"a":1}`, "f:1:1: the file holds an object, but a data file is an array of objects: [ {…}, {…} ]"},
		"a list of texts":            {`["a",` + "\n" + `1]`, "f:1:2: a row must be an object {…}, this is text\nf:2:1: a row must be an object {…}, this is a number"},
		"two values":                 {`[{"a":1}] x`, `f:1:11: unexpected 'x' after the end of the data`},
		"three brackets":             {`[{"a":1}]]]`, `f:1:11: unexpected ']' after the end of the data`},
		"a doubled quotation mark":   {"[\n{\"a\":\"x\"\"}\n]", `f:2:9: unexpected '"' where a comma or the closing } should stand`},
		"a missing comma":            {"[\n{\"a\":\"x\" \"b\":1}\n]", `f:2:10: unexpected '"' where a comma or the closing } should stand`},
		"a missing colon":            {`[{"a" 1}]`, `f:1:7: unexpected '1' where the colon after "a" should stand`},
		"a missing value":            {`[{"a":}]`, `f:1:7: unexpected '}' where a value should stand`},
		"a name without marks":       {`[{a:1}]`, `f:1:3: unexpected 'a' where a field's name in quotation marks should stand`},
		"two commas":                 {`[{"a":1},,]`, `f:1:10: unexpected ',' where a value should stand`},
		"a comma first":              {`[,{"a":1}]`, `f:1:2: unexpected ',' where a value should stand`},
		"an end too early":           {`[{"a":1},`, `f:1:10: the file ends where a value should stand`},
		"an end inside an object":    {`[{"a":1`, `f:1:8: the file ends where a comma or the closing } should stand`},
		"an end inside a text":       {`[{"a":"x`, `f:1:7: this text has no closing quotation mark`},
		"a line end inside a text":   {"[{\"a\":\"x\n\"}]", `f:1:7: this text has no closing quotation mark on its line`},
		"an unknown escape":          {`[{"a":"\x"}]`, `f:1:7: this text cannot be read: invalid character 'x' in string escape code`},
		"a boolean in capitals":      {`[{"a":TRUE}]`, `f:1:7: unexpected 'T' where a value should stand: booleans are written true and false, in lower case`},
		"single quotation marks":     {`[{"a":'x'}]`, `f:1:7: unexpected '\'' where a value should stand: text stands in straight double quotation marks`},
		"a number with a plus":       {`[{"a":+1}]`, `f:1:7: unexpected '+' where a value should stand`},
		"a minus alone":              {`[{"a":-}]`, `f:1:7: unexpected '-' where a value should stand`},
		"a number with leading zero": {`[{"a":01}]`, `f:1:8: unexpected '1' where a comma or the closing } should stand`},
		"a field twice":              {"[{\"a\":1,\n\"a\":2}]", `f:2:1: the field "a" is here a second time, first on line 1`},
		"a field twice by an escape": {`[{"a":1,"\u0061":2}]`, `f:1:9: the field "a" is here a second time, first on line 1`},
		"nested too deep":            {strings.Repeat("[", 40), "f:1:33: nested deeper than 32 levels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, _, err := read(c.text)
			if err == nil {
				t.Fatalf("the file is accepted: %v", texts(table))
			}
			if diff := cmp.Diff(err.Error(), c.want); diff != "" {
				t.Errorf("fault (-got +want):\n%s", diff)
			}
			if _, ok := errors.AsType[Faults](err); !ok {
				t.Errorf("got a %T, want Faults", err)
			}
		})
	}
}

func TestSizeLimit(t *testing.T) {
	t.Parallel()
	const text = "a\n1\n"
	if _, _, err := Read(strings.NewReader(text), "f", Limits{MaxBytes: int64(len(text))}); err != nil {
		t.Errorf("a file of the very size is refused: %v", err)
	}
	_, _, err := Read(strings.NewReader(text), "f", Limits{MaxBytes: 3})
	if err == nil || err.Error() != "f: the file has more than 3 bytes, and 3 bytes is the most that is read: split it" {
		t.Errorf("got %v, want size and limit", err)
	}
	path := filepath.Join(t.TempDir(), "big.csv")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 80<<20+300<<10); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	_, _, err = Read(f, path, Limits{})
	if err == nil || err.Error() != "big.csv: the file has 80.3 MiB, and 64 MiB is the most that is read: split it" {
		t.Errorf("got %v, want size and limit", err)
	}
	if got := bytesText(2048); got != "2 KiB" {
		t.Errorf("got %q, want 2 KiB", got)
	}
}

// brokenReader fails after some bytes.
type brokenReader struct{ io.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAFileThatCannotBeReadToItsEndIsNotUsed(t *testing.T) {
	t.Parallel()
	_, _, err := Read(brokenReader{strings.NewReader("a\n1\n")}, "f.csv", Limits{})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "f.csv") {
		t.Errorf("got %v, want the reader's error with the name", err)
	}
	if _, err := ReadEnvironment(brokenReader{strings.NewReader("{}")}, "e.json"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestTypedFields(t *testing.T) {
	t.Parallel()
	table, _, err := read(`[{"text":"x","number":7,"fraction":1.5,"yes":true,"quoted":"false","null":null,"object":{},
"list":[{"value":"a"},"b"],"badlist":[{"x":"a"},1,""],"empty":"","word":"add","cap":"TRUE","int":1}]`)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCollector(table, nil)
	f := c.Row(table.Rows[0])
	got := []any{f.String("text"), f.String("number"), f.String("absent"), f.String("null"), f.Bool("yes"), f.Bool("quoted"), f.Action("word", identity.LinkActions), f.OptionalAction("absent", nil), f.Required("text")}
	want := []any{"x", "7", "", "", true, false, identity.Add, identity.Action(""), "x"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("values (-got +want):\n%s", diff)
	}
	if err := c.Err(); err != nil {
		t.Fatalf("got faults %v", err)
	}
	f.String("fraction")
	f.String("object")
	f.Required("yes")
	f.Bool("cap")
	f.Bool("int")
	f.Bool("empty")
	f.Bool("object")
	f.Bool("absent")
	f.Required("empty")
	f.Action("object", identity.LinkActions)
	wantFaults := []string{
		"fraction: is a number, and a text in quotation marks is wanted",
		"object: is an object, and a text in quotation marks is wanted",
		"yes: is true or false without quotation marks, and a text in quotation marks is wanted",
		"cap: is TRUE: write true in lower case (in a spreadsheet, make the column text first)",
		`int: is "1": write true or false`,
		"empty: is empty: write true or false",
		"object: is an object: write true or false",
		"absent: is missing",
		"empty: is empty",
		"object: is an object, and a text in quotation marks is wanted",
	}
	var faults []string
	for _, fault := range c.faults {
		faults = append(faults, fault.Field+": "+fault.Cause)
	}
	if diff := cmp.Diff(faults, wantFaults); diff != "" {
		t.Errorf("faults (-got +want):\n%s", diff)
	}
}

func TestManyFaultsAreCounted(t *testing.T) {
	t.Parallel()
	var faults Faults
	for i := range 25 {
		faults = append(faults, Fault{File: "f", Line: 25 - i, Cause: "is bad"})
	}
	text := faults.orNil().Error()
	lines := strings.Split(text, "\n")
	if len(lines) != 21 || lines[0] != "f:1: is bad" || lines[20] != "and 5 more" {
		t.Errorf("got %d lines: %s", len(lines), text)
	}
	if (Faults{}).orNil() != nil {
		t.Error("no fault is an error")
	}
	if got := (Fault{Cause: "x"}).String(); got != "x" {
		t.Errorf("got %q, want the cause alone", got)
	}
}

func TestUnknownFieldsNameWhatWasMeant(t *testing.T) {
	t.Parallel()
	table, _, err := read("[{\"file_team\":\"x\",\n\"File_Displayname\":\"y\",\"comment\":\"\"}]")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range table.UnknownFields([]string{"file_team", "file_displayname"}) {
		got = append(got, w.String())
	}
	want := []string{
		"f:2: File_Displayname: unknown field, ignored; did you mean file_displayname?",
		"f:2: comment: unknown field, ignored",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("warnings (-got +want):\n%s", diff)
	}
}

// Whatever encoding/json reads as a list of flat objects is read the same here.
func TestJSONReadsAsTheStandardLibrary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.MapOf(rapid.String(), rapid.String()), 1, 5).Draw(t, "rows")
		raw, err := json.MarshalIndent(rows, "", rapid.SampledFrom([]string{"", "\t", "  "}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		var want []map[string]string
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		table, warnings, err := read(string(raw))
		if err != nil || len(warnings) > 0 {
			t.Fatalf("%s: got %v, %v", raw, warnings, err)
		}
		if diff := cmp.Diff(texts(table), want); diff != "" {
			t.Fatalf("rows (-got +want):\n%s", diff)
		}
	})
}

// What is written as CSV by the book is read back, whatever separates the cells.
func TestCSVReadsBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		comma := rapid.SampledFrom([]string{",", ";", "\t"}).Draw(t, "comma")
		cell := rapid.StringMatching(`[a-zäß0-9,;"\t\n]{0,6}x`)
		var b strings.Builder
		b.WriteString(strings.Join([]string{"a", "b", "c"}, comma) + "\n")
		var want []map[string]string
		for range rapid.IntRange(1, 4).Draw(t, "rows") {
			row := map[string]string{}
			var cells []string
			for _, name := range []string{"a", "b", "c"} {
				v := cell.Draw(t, name)
				row[name] = strings.TrimSpace(v)
				cells = append(cells, `"`+strings.ReplaceAll(v, `"`, `""`)+`"`)
			}
			b.WriteString(strings.Join(cells, comma) + "\n")
			want = append(want, row)
		}
		table, _, err := read(b.String())
		if err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		if diff := cmp.Diff(texts(table), want); diff != "" {
			t.Fatalf("rows (-got +want):\n%s", diff)
		}
	})
}

// checkTable checks what holds of every table that is accepted.
func checkTable(t *testing.T, table *Table, err error) {
	t.Helper()
	if err != nil {
		if err.Error() == "" {
			t.Error("an error without a word")
		}
		return
	}
	if len(table.Rows) == 0 || len(table.Fields) == 0 && !table.JSON {
		t.Error("an empty table is accepted")
	}
	line := 0
	for _, r := range table.Rows {
		if r.Line < line || r.Line < 1 {
			t.Errorf("row on line %d after line %d", r.Line, line)
		}
		line = r.Line
		for _, n := range r.names() {
			if !slices.Contains(table.Fields, n) {
				t.Errorf("field %q is not listed", n)
			}
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "sep=;\na;b\n1;2\n", "\ufeffa\tb\n\"x\n\"\t2\n", "a,b\n1,\"2", "\xff\xfea\x00\n\x001\x00", "a,,\n1,,,\n,,\n", "a\r\r\n\"\"\"\"\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := decodeText(raw)
		if err != nil {
			return
		}
		table, _, err := readCSV(text, "f")
		if err == nil && len(table.Rows) > 0 {
			checkTable(t, table, nil)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`[{"a":"b"}]`, `[{"a":[{"value":"x"},],},]]`, "[\n{\"a\":1e9,\"b\":null,\"c\":true}]", `[{"a":"\u00fc\""}]`, `[[[[`, `{"values":[]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		table, _, err := Read(strings.NewReader(string(raw)), "f", Limits{})
		checkTable(t, table, err)
		if err != nil || !table.JSON || !json.Valid(raw) {
			return
		}
		var want []map[string]any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatalf("accepted here, and refused by the standard library: %v", err)
		}
		if len(want) != len(table.Rows) {
			t.Fatalf("got %d rows, want %d", len(table.Rows), len(want))
		}
		for i, r := range table.Rows {
			for name, v := range want[i] {
				if s, ok := v.(string); ok && r.Text(name) != s {
					t.Errorf("row %d, %q: got %q, want %q", i, name, r.Text(name), s)
				}
			}
		}
	})
}

func BenchmarkReadCSV(b *testing.B) {
	var text strings.Builder
	text.WriteString("file_userid,file_roles_action,file_teams_action\n")
	for i := range 100_000 {
		fmt.Fprintf(&text, "USER%06d,add,replace\n", i)
	}
	for b.Loop() {
		if _, _, err := read(text.String()); err != nil {
			b.Fatal(err)
		}
	}
}
