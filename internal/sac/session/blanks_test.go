package session

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sacbridge/internal/upstream"
)

func TestOneBlankOfManyBetweenTokensIsLeft(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"blanks within a string stay", `{"a  b":"  c  "}`, `{"a  b":"  c  "}`},
		{"blanks after a string with an escaped quote", `["a\"  b"   ,  1]`, `["a\"  b" , 1]`},
		{"blanks after a string that ends with a backslash", `["a\\"   ,  "b  c"]`, `["a\\" , "b  c"]`},
		{"every kind of blank", "[1,\n\n\t \r 2 ]", "[1,\n2 ]"},
		{"nothing but blanks", "    ", " "},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, r := range map[string]io.Reader{
				"whole": strings.NewReader(tt.in), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.in)),
				"error with the last byte": iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				got, err := io.ReadAll(&blankSqueezer{r: bufio.NewReaderSize(r, 16)})
				if err != nil || string(got) != tt.want {
					t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.want)
				}
			}
		})
	}
}

func TestSqueezedJSONMeansTheSame(t *testing.T) {
	t.Parallel()
	value := rapid.Custom(func(t *rapid.T) any {
		return map[string]any{
			rapid.String().Draw(t, "key"): rapid.SliceOf(rapid.StringMatching(`[ \\"a\n]*`)).Draw(t, "list"),
			"n":                           rapid.Float64Range(-1e6, 1e6).Draw(t, "number"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		indent := rapid.StringMatching(`[ \t]{0,40}`).Draw(t, "indent")
		text, err := json.MarshalIndent(value.Draw(t, "value"), indent, indent)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		squeezed := &blankSqueezer{r: bufio.NewReader(bytes.NewReader(text))}
		if err := json.NewDecoder(squeezed).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("-got +want:\n%s", diff)
		}
	})
}

// packed answers with gzip, as tenants do.
func packed(parts ...string) func(int, http.ResponseWriter, *http.Request) bool {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	for _, part := range parts {
		_, _ = io.WriteString(z, part)
	}
	_ = z.Close()
	return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body.Bytes())
		return true
	}
}

// Trial 9: an answer of 63 MiB of blanks, packed into 64 KB, took 72 s of CPU.
func TestBlanksInAnAnswerNeverReachTheDecoder(t *testing.T) {
	t.Parallel()
	blanks := strings.Repeat(" \n", 4<<20)
	srv, _ := onUsers(packed(`{"Resources":[`, blanks, `1`, blanks, `,2]`, blanks, `}`, blanks))
	r := read(users)
	var offset int64
	var got struct{ Resources []int }
	r.Decode = func(d *json.Decoder) error {
		err := d.Decode(&got)
		offset = d.InputOffset()
		return err
	}
	must(t, open(t, srv, cf), r)
	if diff := cmp.Diff(got.Resources, []int{1, 2}); diff != "" || offset > 100 {
		t.Errorf("the decoder saw %d bytes (-got +want):\n%s", offset, diff)
	}
}

func TestUnpackingEndsWithTheCall(t *testing.T) {
	t.Parallel()
	srv, n := onUsers(packed("[1,", strings.Repeat(" ", 8<<20), "2]"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := read(users)
	r.Decode = func(d *json.Decoder) error {
		cancel()
		var rest []int
		return d.Decode(&rest)
	}
	_, err := open(t, srv, cf).Do(ctx, r)
	if class := upstream.ClassOf(err); class != upstream.Cancelled || n.Load() != 1 {
		t.Errorf("got class %v, %v after %d calls", class, err, n.Load())
	}
}

func TestABodyThatHasArrivedIsNotUnpackedAfterTheCallEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	body := &boundedBody{ctx: ctx, r: strings.NewReader("more"), left: 10}
	if n, err := body.Read(make([]byte, 2)); n != 2 || err != nil {
		t.Fatalf("before: %d bytes, %v", n, err)
	}
	cancel()
	if n, err := body.Read(make([]byte, 2)); n != 0 || err == nil {
		t.Errorf("after: %d bytes, %v", n, err)
	}
}
