package sacsim_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// page reads the page that describes the simulator.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "simulator.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestThePageNamesATestForEachBehaviour(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\|.*\\| (`.*`) \\|$").FindAllStringSubmatch(page(t), -1)
	if len(rows) != 60 {
		t.Errorf("the table has %d behaviours, want 60", len(rows))
	}
	code := tests(t)
	for i, row := range rows {
		for name := range strings.SplitSeq(row[2], ", ") {
			if name = strings.Trim(name, "`"); !strings.Contains(code, "func "+name+"(") {
				t.Errorf("row %d, behaviour %s: no test %s", i+1, row[1], name)
			}
		}
	}
}

// tests gives the text of all tests of the simulator.
func tests(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, pattern := range []string{"*_test.go", filepath.Join("service", "*_test.go")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			part, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(part)
		}
	}
	return text.String()
}

func TestThePagesExamplesAreTaken(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(page(t), -1)
	if len(blocks) != 4 {
		t.Fatalf("the page has %d examples in JSON, want rules, edits, profile and seed", len(blocks))
	}
	if _, err := sacsim.ParseFaults(strings.NewReader(blocks[0][1])); err != nil {
		t.Error(err)
	}
	var edits []service.Edit
	if err := json.Unmarshal([]byte(blocks[1][1]), &edits); err != nil {
		t.Error(err)
	}
	if _, err := sacsim.ParseLatency(strings.NewReader(blocks[2][1])); err != nil {
		t.Error(err)
	}
	seed, err := service.ParseSeed(strings.NewReader(blocks[3][1]))
	if err != nil {
		t.Fatal(err)
	}
	server, err := sacsim.New(sacsim.Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	world := `{"users":[{"id":"ANNA"},{"id":"BEN"}],"teams":[{"id":"Finance","members":["BEN"]},{"id":"Old"}]}`
	if err := newServer(t, sacsim.Options{}, world).Edit(edits...); err != nil {
		t.Error(err)
	}
}

func TestThePageNamesEachKeyOfAProfileAndEachAction(t *testing.T) {
	t.Parallel()
	text := page(t)
	encoded, err := json.Marshal(sacsim.Real())
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(encoded, &keys); err != nil {
		t.Fatal(err)
	}
	for key := range keys {
		if !strings.Contains(text, "`"+key+"`") {
			t.Errorf("the page does not name the profile's key %q", key)
		}
	}
	for _, action := range []sacsim.Action{
		sacsim.ActStatus, sacsim.Act429, sacsim.ActHangup, sacsim.ActRevokeToken, sacsim.ActRevokeCSRF, sacsim.ActExpireSession,
		sacsim.ActHTML, sacsim.ActDelay, sacsim.ActStatusAfterWrite, sacsim.ActHangupAfterWrite, sacsim.ActTruncate,
		sacsim.ActWrongAnswer, sacsim.ActWrongAnswerAfterWrite, sacsim.ActItemStatus, sacsim.ActItemStatusAfterWrite,
	} {
		if !strings.Contains(text, "| `"+string(action)+"` |") {
			t.Errorf("the page does not describe the action %q", action)
		}
	}
}
