package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/sacsim"
	"sacbridge/internal/sacsim/service"
)

// vector is one worked example of a transport script: both tenants before, the data file, and the target
// after. Where the script slips, Recommended is what should come out instead.
type vector struct {
	ID     string `json:"id"`
	Script string `json:"script"`
	Env    struct {
		SourceSSO string `json:"source_samlsso"`
		TargetSSO string `json:"target_samlsso"`
		Namespace string `json:"contentNamespace"`
	} `json:"env"`
	Source      vectorState      `json:"start_source"`
	Target      vectorState      `json:"start_target"`
	Data        []map[string]any `json:"data"`
	End         *vectorState     `json:"end_target"`
	Recommended *vectorState     `json:"recommended_end_target"`
}

type vectorState struct {
	Users []map[string]any `json:"users"`
	Teams []map[string]any `json:"teams"`
	Roles []string         `json:"roles"`
}

// readVectors gives the vectors of the transport scripts.
func readVectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	vectors := slices.DeleteFunc(all, func(v vector) bool { return !strings.HasPrefix(v.Script, "19") })
	if len(vectors) < 36 {
		t.Fatalf("got %d vectors of transport scripts, want at least 36", len(vectors))
	}
	return vectors
}

// TestVectors runs every worked example of SAP's transport scripts through the command, from the
// multi-tenant environment and the data file in both formats. Examples with the same SSO modes share a
// pair of tenants, which are reset in between.
func TestVectors(t *testing.T) {
	t.Parallel()
	groups := map[[2]string][]vector{}
	for _, v := range readVectors(t) {
		modes := [2]string{v.Env.SourceSSO, v.Env.TargetSSO}
		groups[modes] = append(groups[modes], v)
	}
	for modes, vectors := range groups {
		t.Run(modes[0]+" to "+modes[1], func(t *testing.T) {
			t.Parallel()
			b := newBench(t, modes, vectors[0].Env.Namespace)
			for _, v := range vectors {
				for _, format := range []string{"json", "csv"} {
					t.Run(v.ID+"/"+format, func(t *testing.T) { b.try(t, v, format) })
				}
			}
		})
	}
}

// bench is a pair of tenants, and what the command needs to reach them.
type bench struct {
	dir            string
	ca, env        string
	source, target *sacsim.Running
}

func newBench(t *testing.T, modes [2]string, namespace string) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	listen := func(name, sso string) *sacsim.Running {
		run, err := sacsim.Listen(t.Context(), sacsim.ListenOptions{
			Options: sacsim.Options{Name: name, SSO: service.SSO(sso), Namespace: namespace, Seed: service.DefaultSeed()},
			TLS:     true, CAOut: filepath.Join(b.dir, name+".pem"),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(run.Close)
		return run
	}
	b.source, b.target = listen("source", modes[0]), listen("target", modes[1])
	b.ca, b.env = filepath.Join(b.dir, "ca.pem"), filepath.Join(b.dir, "multi-tenant.postman_environment.json")
	writeTestFile(t, b.ca, slices.Concat(readTestFile(t, b.source.Ready.CA), readTestFile(t, b.target.Ready.CA)))
	writeTestFile(t, b.env, environmentOf(t, modes, b.source.Ready, b.target.Ready))
	return b
}

// try runs one vector.
func (b *bench) try(t *testing.T, v vector, format string) {
	reset(t, b.source, v.Source.seed(t))
	reset(t, b.target, v.Target.seed(t))
	data := filepath.Join(t.TempDir(), "data."+format)
	writeTestFile(t, data, v.dataFile(t, format))
	var out, talk bytes.Buffer
	a := &app{Environment: cli.Environment{In: strings.NewReader(""), Out: &out, Err: &talk, Now: time.Now, Env: func(key string) string {
		return map[string]string{"XDG_STATE_HOME": b.dir}[key]
	}}}
	code := execute(t.Context(), a, []string{"run", v.Script, "--env", b.env, "--data", data, "--ca", b.ca, "--yes"})
	if !slices.Contains([]int{exitOK, exitPartial, exitConflicts}, code) {
		t.Errorf("exit code %d\n%s\n%s", code, &out, &talk)
	}
	v.compare(t, b.target, out.String()+talk.String())
	for _, tenant := range []*sacsim.Running{b.source, b.target} {
		var stats simStats
		getJSON(t, tenant, "/__stats", &stats)
		if len(stats.Violations) > 0 {
			t.Errorf("%s complains: %v", tenant.Ready.Name, stats.Violations)
		}
	}
}

// reset gives a tenant a vector's state.
func reset(t *testing.T, tenant *sacsim.Running, seed []byte) {
	t.Helper()
	callControl(t, tenant, http.MethodPost, "/__reset", slices.Concat([]byte(`{"seed":`), seed, []byte("}")))
}

// seed turns a vector's state into a seed file: licences and formats are parameters there, and
// memberships stand with the teams.
func (s vectorState) seed(t *testing.T) []byte {
	t.Helper()
	users := []map[string]any{{"id": "SYSOWNER", "systemOwner": true}}
	for _, u := range s.Users {
		u = maps.Clone(u)
		if licence, ok := u["isConcurrent"]; ok {
			u["params"] = map[string]any{"isConcurrent": licence}
		}
		delete(u, "isConcurrent")
		delete(u, "teams")
		users = append(users, u)
	}
	teams := s.Teams
	if teams == nil {
		teams = []map[string]any{}
	}
	data, err := json.Marshal(map[string]any{"users": users, "teams": teams, "roles": append([]string{}, s.Roles...)})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// environmentOf is the Postman environment of the transport scripts.
func environmentOf(t *testing.T, modes [2]string, source, target sacsim.Ready) []byte {
	t.Helper()
	values := []map[string]string{}
	for _, side := range []struct {
		prefix, sso string
		ready       sacsim.Ready
	}{{"Source-", modes[0], source}, {"Target-", modes[1], target}} {
		host := strings.TrimPrefix(side.ready.URL, "https://")
		for _, pair := range [][2]string{
			{"SACserviceFQDN", host},
			{"SACtokenFQDN", host},
			{"Username", side.ready.ClientID},
			{"Password", side.ready.ClientSecret},
			{"SAMLSSO", side.sso},
			{"SACplatform", "CF"},
		} {
			values = append(values, map[string]string{"key": side.prefix + pair[0], "value": pair[1]})
		}
	}
	data, err := json.Marshal(map[string]any{"name": "multi-tenant", "values": values})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// dataFile writes the rows as SAP's data files have them.
func (v vector) dataFile(t *testing.T, format string) []byte {
	t.Helper()
	if format == "json" {
		data, err := json.Marshal(v.Data)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	header := slices.Sorted(maps.Keys(v.Data[0]))
	rows := [][]string{header}
	for _, row := range v.Data {
		var cells []string
		for _, field := range header {
			cells = append(cells, fmt.Sprint(row[field]))
		}
		rows = append(rows, cells)
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// compare checks the target against the vector's end: who and what is there, and of each the fields that
// the vector names, lists as sets.
func (v vector) compare(t *testing.T, target *sacsim.Running, output string) {
	t.Helper()
	want := v.End
	if v.Recommended != nil {
		want = v.Recommended
	}
	var state struct {
		Users map[string]map[string]any `json:"users"`
		Teams map[string]map[string]any `json:"teams"`
	}
	getJSON(t, target, "/__state", &state)
	delete(state.Users, "SYSOWNER")
	for id, u := range state.Users {
		if params, ok := u["params"].(map[string]any); ok {
			state.Users[id]["isConcurrent"] = params["isConcurrent"]
		}
	}
	if diff := cmp.Diff(entities(want.Users, nil), entities(want.Users, state.Users)); diff != "" {
		t.Errorf("users (-want +got):\n%s\n%s", diff, output)
	}
	if diff := cmp.Diff(entities(want.Teams, nil), entities(want.Teams, state.Teams)); diff != "" {
		t.Errorf("teams (-want +got):\n%s\n%s", diff, output)
	}
}

// entities keys the wanted entities by id. With got given, it takes their values from there instead:
// the same fields of the same entities, and the ids of those that nobody wanted.
func entities(want []map[string]any, got map[string]map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	fields := map[string]map[string]any{}
	for _, w := range want {
		id := fmt.Sprint(w["id"])
		fields[id] = w
		if got == nil {
			out[id] = sorted(w, w)
		}
	}
	for id, g := range got {
		out[id] = sorted(fields[id], g)
	}
	return out
}

// sorted takes the fields but the id, with lists in order.
func sorted(fields, from map[string]any) map[string]any {
	out := map[string]any{}
	for name := range fields {
		if name == "id" {
			continue
		}
		value := from[name]
		if list, ok := value.([]any); ok {
			texts := []string{}
			for _, item := range list {
				texts = append(texts, fmt.Sprint(item))
			}
			slices.Sort(texts)
			value = texts
		}
		out[name] = value
	}
	return out
}

func getJSON(t *testing.T, tenant *sacsim.Running, path string, into any) {
	t.Helper()
	data := callControl(t, tenant, http.MethodGet, path, nil)
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v: %s", path, err, data)
	}
}

// callControl makes a control call and gives the answer.
func callControl(t *testing.T, tenant *sacsim.Running, method, path string, body []byte) []byte {
	t.Helper()
	url := fmt.Sprintf("http://127.0.0.1:%d%s", tenant.Ready.HTTP, path)
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: status %d: %s", method, path, resp.StatusCode, data)
	}
	return data
}

func readTestFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeTestFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
