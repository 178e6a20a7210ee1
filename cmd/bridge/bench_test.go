//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The benchmarks run the built program ($BRIDGE_BINARY, else this test binary) with its default settings, access log
// included, and send requests over loopback from the same machine. Each figure stands beside its baseline, which is measured in the
// same run, in turns; `make bench` runs them.

// goal prints a ratio beside what is wanted of it.
func goal(b *testing.B, what string, got float64, sign string, want float64, detail string, args ...any) {
	b.Helper()
	met := got >= want
	if sign == "<=" {
		met = got <= want
	}
	word := "met"
	if !met {
		word = "MISSED"
	}
	_, _ = fmt.Fprintf(os.Stdout, "%-46s %8.2f  (goal %s %g: %s)  %s\n", what, got, sign, want, word, fmt.Sprintf(detail, args...))
	b.ReportMetric(got, strings.NewReplacer(" ", "_", ",", "").Replace(what))
}

// series is what one thing measured in several rounds.
type series []float64

// mid is the median.
func (s series) mid() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// of is the median of the ratios to what was measured in the same round, so that a noisy moment hurts both.
func (s series) of(other series) float64 {
	ratios := make(series, len(s))
	for i := range s {
		ratios[i] = s[i] / other[i]
	}
	return ratios.mid()
}

// measureInTurns measures several things in turns.
func measureInTurns(b *testing.B, rounds int, things ...func() float64) []series {
	b.Helper()
	out := make([]series, len(things))
	for range rounds {
		for i, thing := range things {
			out[i] = append(out[i], thing())
		}
	}
	return out
}

// benchServer is a server with users in it.
type benchServer struct {
	b     *testing.B
	ws    *workspace
	p     *process
	base  string
	token string
	ids   []string // of users u0, u1, …
	raw   int64    // bytes of the users' JSON as sent
	user  func(name string) string
}

const benchConfig = "  metrics: 127.0.0.1:0\n  sources: {s: {switches: {group_patch_body: false}, limits: {bulk_body_kib: 65536, bulk_operations: 5000}}}\n"

func newBenchServer(b *testing.B, users int) *benchServer {
	b.Helper()
	return newBenchServerOf(b, users, fullUser)
}

// newBenchServerOf has users of a kind.
func newBenchServerOf(b *testing.B, users int, user func(name string) string) *benchServer {
	b.Helper()
	r := &benchServer{b: b, ws: newWorkspace(b, benchConfig), user: user}
	r.token = r.ws.token()
	r.start()
	r.load(users)
	return r
}

func (r *benchServer) start() {
	r.p = r.ws.serve()
	r.base = r.p.ready.Sources["s"]
}

func (r *benchServer) request(method, path, body string) []byte {
	return request(r.base, r.token, method, path, body)
}

func (r *benchServer) client(connections int) *client { return newClient(r.base, r.token, connections) }

const bulkSize = 2000

// fullUser is a user as providers send one with all that is known: about 1 KB.
func fullUser(name string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],`+
		`"userName":%[1]q,"externalId":"x-%[2]s","active":true,"name":{"givenName":"Given %[2]s","familyName":"Family %[2]s","formatted":"Given %[2]s Family %[2]s"},`+
		`"displayName":"Given %[2]s Family %[2]s","title":"Senior Controller","preferredLanguage":"en-GB","locale":"en_GB","timezone":"Europe/London","userType":"Employee",`+
		`"emails":[{"value":"%[2]s@example.com","type":"work","primary":true}],`+
		`"phoneNumbers":[{"value":"+44 20 7946 0000","type":"work"},{"value":"+44 7700 900000","type":"mobile"}],`+
		`"addresses":[{"type":"work","streetAddress":"1 High Street","locality":"London","region":"Greater London","postalCode":"SW1A 1AA","country":"GB","formatted":"1 High Street, London SW1A 1AA"}],`+
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"%[2]s","costCenter":"4130","organization":"Example","division":"Finance","department":"Group Controlling"}}`,
		name, name)
}

// load creates users u0, u1, … by Bulk, from four connections.
func (r *benchServer) load(users int) {
	r.b.Helper()
	r.ids = make([]string, users)
	var next, raw atomic.Int64
	var workers sync.WaitGroup
	c := r.client(4)
	for range 4 {
		workers.Go(func() {
			for {
				from := int(next.Add(bulkSize)) - bulkSize
				if from >= users {
					return
				}
				n, err := r.loadSome(c, from, min(from+bulkSize, users))
				if err != nil {
					r.b.Error(err)
					return
				}
				raw.Add(n)
			}
		})
	}
	workers.Wait()
	r.raw = raw.Load()
	if r.b.Failed() {
		r.b.FailNow()
	}
}

func (r *benchServer) loadSome(c *client, from, to int) (raw int64, err error) {
	var body strings.Builder
	body.WriteString(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`)
	for n := from; n < to; n++ {
		if n > from {
			body.WriteByte(',')
		}
		user := r.user(fmt.Sprintf("u%d", n))
		raw += int64(len(user))
		_, _ = fmt.Fprintf(&body, `{"method":"POST","path":"/Users","bulkId":"b%d","data":%s}`, n, user)
	}
	body.WriteString("]}")
	status, answer, err := c.do(r.b.Context(), http.MethodPost, "/Bulk", body.String())
	if err != nil || status != http.StatusOK {
		return 0, fmt.Errorf("load users: status %d, %w: %.300s", status, err, answer)
	}
	var result struct {
		Operations []struct{ Location, BulkID, Status string }
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return 0, err
	}
	for _, op := range result.Operations {
		var n int
		if _, err := fmt.Sscanf(op.BulkID, "b%d", &n); err != nil || op.Status != "201" {
			return 0, fmt.Errorf("operation %s: status %s, %w", op.BulkID, op.Status, err)
		}
		r.ids[n] = op.Location[strings.LastIndexByte(op.Location, '/')+1:]
	}
	return raw, nil
}

// rate fires for a second.
func (r *benchServer) rate(connections, want int, next func(connection, n int) []byte) loadResult {
	r.b.Helper()
	v, err := sendLoad(r.b.Context(), r.p.ready.Listen, connections, time.Second, want, next)
	if err != nil {
		r.b.Fatal(err)
	}
	return v
}

// Requests for a user by chance.
func (r *benchServer) get(_, _ int) []byte {
	return r.request(http.MethodGet, "/Users/"+r.ids[rand.IntN(len(r.ids))], "")
}

func (r *benchServer) filter(format string) func(int, int) []byte {
	escape := strings.NewReplacer(" ", "%20", `"`, "%22", "[", "%5B", "]", "%5D")
	return func(int, int) []byte {
		return r.request(http.MethodGet, "/Users?filter="+escape.Replace(fmt.Sprintf(format, rand.IntN(len(r.ids)))), "")
	}
}

// filters are the four look-ups by which providers find a user.
func filters() map[string]string {
	return map[string]string{
		"userName eq": `userName eq "u%d"`, "externalId eq": `externalId eq "x-u%d"`,
		"emails.value eq": `emails.value eq "u%d@example.com"`, "emails[type eq work].value eq": `emails[type eq "work"].value eq "u%d@example.com"`,
	}
}

// startHello runs the baseline.
func startHello(b *testing.B) string {
	b.Helper()
	cmd := program(b.Context())
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Path, cmd.Env = self, append(os.Environ(), asHello+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		b.Fatal(err)
	}
	var ready readyLine
	if err := json.Unmarshal(line, &ready); err != nil {
		b.Fatal(err)
	}
	return ready.BaseURL
}

func BenchmarkReads(b *testing.B) {
	r := newBenchServer(b, 10_000)
	hello := startHello(b)
	helloRequest := request(hello, "none", http.MethodGet, "/hello", "")
	names := []string{"userName eq", "externalId eq", "emails.value eq", "emails[type eq work].value eq"}
	things := []func() float64{
		func() float64 {
			v, err := sendLoad(b.Context(), strings.TrimPrefix(hello, "http://"), 16, time.Second, http.StatusOK, func(int, int) []byte { return helloRequest })
			if err != nil {
				b.Fatal(err)
			}
			return v.rate
		},
		func() float64 { return r.rate(16, http.StatusOK, r.get).rate },
	}
	for _, name := range names {
		things = append(things, func() float64 { return r.rate(16, http.StatusOK, r.filter(filters()[name])).rate })
	}
	for b.Loop() {
		rates := measureInTurns(b, 7, things...)
		goal(b, "GET by id, of echo hello", rates[1].of(rates[0]), ">=", .45, "%.0f/s of %.0f/s", rates[1].mid(), rates[0].mid())
		for i, name := range names {
			goal(b, name+", of own GET", rates[2+i].of(rates[1]), ">=", .6, "%.0f/s of %.0f/s", rates[2+i].mid(), rates[1].mid())
		}
	}
}

func BenchmarkWrites(b *testing.B) {
	r := newBenchServer(b, 2_000)
	var made atomic.Int64
	post := func(int, int) []byte {
		return r.request(http.MethodPost, "/Users", fullUser(fmt.Sprintf("new%d", made.Add(1))))
	}
	patch := func(int, int) []byte {
		return r.request(http.MethodPatch, "/Users/"+r.ids[rand.IntN(len(r.ids))],
			patchBody(fmt.Sprintf(`{"op":"replace","path":"displayName","value":"D%d"}`, made.Add(1))))
	}
	var single, plain series // the p50 of one client and of a bbolt Update, in seconds
	for b.Loop() {
		rates := measureInTurns(b, 7,
			func() float64 { return r.rate(64, http.StatusCreated, post).rate },
			func() float64 {
				v := r.rate(1, http.StatusCreated, post)
				single = append(single, v.p50().Seconds())
				plain = append(plain, plainUpdates(b, b.TempDir(), 500*time.Millisecond).Seconds())
				return v.rate
			},
			func() float64 { return r.rate(64, http.StatusOK, patch).rate },
		)
		goal(b, "POST 64 clients, of 1 client", rates[0].of(rates[1]), ">=", 4, "%.0f/s of %.0f/s", rates[0].mid(), rates[1].mid())
		goal(b, "POST 1 client p50, of a bbolt Update", single.of(plain), "<=", 1.8, "%.0f us of %.0f us", single.mid()*1e6, plain.mid()*1e6)
		goal(b, "PATCH user, of own POST", rates[2].of(rates[0]), ">=", .7, "%.0f/s of %.0f/s", rates[2].mid(), rates[0].mid())
	}
}
