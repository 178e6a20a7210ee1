package sacsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxFile bounds a rule, profile or seed file.
const maxFile = 64 << 20

// errTrailing is input behind the one JSON value that is expected.
var errTrailing = errors.New("more input behind the JSON value")

// strictJSON decodes exactly one JSON value, refuses unknown keys, and says where a fault stands.
func strictJSON(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return placed(data, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", lineCol(data, dec.InputOffset()), errTrailing)
	}
	return nil
}

// placed adds line and column to a decoding error that knows its offset.
func placed(data []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%s: %w", lineCol(data, syntax.Offset), err)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s: %w", lineCol(data, kind.Offset), err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: %w", lineCol(data, int64(len(data))), io.ErrUnexpectedEOF)
	}
	return err
}

// lineCol turns an offset into "line 3, column 7".
func lineCol(data []byte, offset int64) string {
	head := string(data[:min(max(offset, 0), int64(len(data)))])
	line := strings.Count(head, "\n") + 1
	return fmt.Sprintf("line %d, column %d", line, len(head)-strings.LastIndex(head, "\n"))
}

// readFile reads a whole small file and refuses one that is too long.
func readFile(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("longer than %d bytes", maxFile)
	}
	return data, nil
}
