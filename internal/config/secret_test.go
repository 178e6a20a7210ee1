package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// password is what must never be seen.
const password = "hunter2-Qx9"

// Every way of printing a whole configuration, and every message about a faulty one, keeps the secret.
func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(minimal, "env:DEV_SECRET", password)
	c, warnings, err := parseText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.Tenants["dev"].Auth.ClientSecret.Reveal(); v != password || err != nil {
		t.Fatalf("got %q, %v, want the secret itself", v, err)
	}
	tenant := c.Tenants["dev"]
	hidden := struct{ inner any }{tenant.Auth}
	var out bytes.Buffer
	for _, v := range []any{c, *c, tenant, *tenant, tenant.Auth, tenant.Auth.ClientSecret, &tenant.Auth.ClientSecret, hidden, warnings} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if raw, err := json.Marshal(v); err == nil {
			out.Write(raw)
		}
		if raw, err := yaml.Marshal(v); err == nil {
			out.Write(raw)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	hex := fmt.Sprintf("%x", password)
	if s := out.String(); strings.Contains(s, password) || strings.Contains(s, hex) {
		t.Errorf("the secret is printed:\n%s", s)
	}
	if n := strings.Count(out.String(), masked); n < 20 {
		t.Errorf("%d masks are printed, want one for most forms", n)
	}
}

func TestNoMessageAboutAFaultyFileShowsASecret(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a fault beside it":           strings.ReplaceAll(minimal, "client_secret: env:DEV_SECRET", "client_secret: "+password+", x: y"),
		"a misspelt key":              strings.ReplaceAll(minimal, "client_secret: env:DEV_SECRET", "client_sercet: "+password),
		"a badly misspelt key":        strings.ReplaceAll(minimal, "client_secret: env:DEV_SECRET", "sekret: "+password),
		"a list":                      strings.ReplaceAll(minimal, "env:DEV_SECRET", "["+password+"]"),
		"a quotation mark that opens": strings.ReplaceAll(minimal, "env:DEV_SECRET", "'"+password),
		"a list on the next line":     "version: 1\ntenants:\n  a:\n    auth:\n      client_secret:\n        - " + password + "\n",
		"a key on the next line":      "version: 1\ntenants:\n  a:\n    auth:\n      client_secret:\n        " + password + ": x\n",
		"a repeated key":              "version: 1\ntenants:\n  a:\n    auth:\n      client_secret: env:A\n      client_secret: " + password + "\n",
		"a forbidden literal":         strings.ReplaceAll(minimal, "env:DEV_SECRET", password) + "forbid_literal_secrets: true\n",
		"a URL":                       strings.ReplaceAll(minimal, "https://dev", "https://me:"+password+"@dev"),
		"a state":                     minimal + "state: postgres://me:" + password + "@db/x\n",
	} {
		_, _, err := parseText(t, text)
		if err == nil {
			t.Errorf("%s: no fault is found", name)
		} else if strings.Contains(err.Error(), password) {
			t.Errorf("%s: the message shows the secret:\n%v", name, err)
		}
	}
}

func TestSecretsAreLookedUpAtTheMomentOfUse(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("good", password+"\r\n")
	write("empty", "\n")
	write("huge", strings.Repeat("x", maxSecretBytes+1))
	t.Setenv("SET", password)
	t.Setenv("EMPTY", "")
	for name, c := range map[string]struct{ reference, want, fault string }{
		"a variable":              {"env:SET", password, ""},
		"a file beside":           {"file:good", password, ""},
		"a file by its full path": {"file:" + filepath.Join(dir, "good"), password, ""},
		"the value itself":        {password, password, ""},
		"a value with a colon":    {"a:" + password, "a:" + password, ""},
		"a variable not set":      {"env:NOT_SET_9", "", "f.g: the environment variable NOT_SET_9 is not set"},
		"an empty variable":       {"env:EMPTY", "", "f.g: the environment variable EMPTY is empty"},
		"a file that is not":      {"file:absent", "", "f.g: read the secret: open"},
		"a folder":                {"file:.", "", "f.g: read the secret:"},
		"an empty file":           {"file:empty", "", "is empty"},
		"a huge file":             {"file:huge", "", "larger than 64 KiB"},
	} {
		s, err := NewSecret(c.reference, dir, "f.g")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := s.Reveal()
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if (err != nil) != (c.fault != "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: got %v, want %q in it", name, err, c.fault)
		}
	}
	if _, err := (Secret{}).Reveal(); err == nil || !(Secret{}).IsZero() {
		t.Error("a secret that was never given reveals something")
	}
}
