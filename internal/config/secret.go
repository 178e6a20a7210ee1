package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// maxSecretBytes is far above any client secret and below anything that is a file by mistake.
const maxSecretBytes = 64 << 10

// masked is what every printed form of a secret says.
const masked = "***"

// Secret is a value that is never printed: a reference "env:NAME" or "file:PATH", or the value itself.
// The zero Secret has no value. It is immutable and safe for concurrent use.
type Secret struct {
	// reveal is a function so that even a printer that looks into unexported fields finds no text.
	reveal  func() (string, error)
	literal bool
}

// NewSecret makes a secret of what a file holds. dir is where a relative file path starts, field is
// named in errors. It does not look the value up; the error is about the reference's form.
func NewSecret(text, dir, field string) (Secret, error) {
	switch kind, rest, _ := strings.Cut(text, ":"); {
	case strings.TrimSpace(text) == "":
		return Secret{}, errors.New("is empty: write env:NAME or file:PATH")
	case kind == "env":
		if rest == "" || strings.ContainsAny(rest, "= \t\n") {
			return Secret{}, errors.New("names no environment variable: write env:NAME")
		}
		return Secret{reveal: func() (string, error) { return fromEnvironment(rest, field) }}, nil
	case kind == "file":
		if rest == "" {
			return Secret{}, errors.New("names no file: write file:PATH")
		}
		path := rest
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		return Secret{reveal: func() (string, error) { return fromFile(path, field) }}, nil
	}
	return Secret{reveal: func() (string, error) { return text, nil }, literal: true}, nil
}

// Reveal looks the value up. Call it at the moment of use and do not keep what it returns. The error
// names the reference and the field, never a value.
func (s Secret) Reveal() (string, error) {
	if s.reveal == nil {
		return "", errors.New("the secret is not set")
	}
	return s.reveal()
}

// IsZero reports whether the secret was not given at all.
func (s Secret) IsZero() bool { return s.reveal == nil }

// fromEnvironment gives an environment variable.
func fromEnvironment(name, field string) (string, error) {
	v, ok := os.LookupEnv(name)
	switch {
	case !ok:
		return "", fmt.Errorf("%s: the environment variable %s is not set", field, name)
	case v == "":
		return "", fmt.Errorf("%s: the environment variable %s is empty", field, name)
	}
	return v, nil
}

// fromFile gives a file's content without the line end that editors leave behind.
func fromFile(path, field string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s: read the secret: %w", field, err)
	}
	defer func() { _ = f.Close() }() // read-only: nothing is lost by a failing close
	raw, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", fmt.Errorf("%s: read the secret: %w", field, err)
	}
	if len(raw) > maxSecretBytes {
		return "", fmt.Errorf("%s: the file %s is larger than %d KiB and so no secret", field, path, maxSecretBytes>>10)
	}
	v := strings.TrimRight(string(raw), "\r\n")
	if v == "" {
		return "", fmt.Errorf("%s: the file %s is empty", field, path)
	}
	return v, nil
}

// Format prints *** for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// String gives ***.
func (s Secret) String() string { return masked }

// MarshalText gives *** to every text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalJSON gives ***.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(masked) }

// MarshalYAML gives ***.
func (s Secret) MarshalYAML() (any, error) { return masked, nil }

// LogValue gives *** to structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }
