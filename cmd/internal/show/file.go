package show

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/plan"
)

// WritePlanFile replaces path by p's file, whole or not at all. It is readable by its owner only, since it
// names people.
func WritePlanFile(path string, p *plan.Plan) error {
	if _, err := cli.WriteWhole(path, func(w io.Writer) error { return plan.Encode(w, p) }); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// CheckPlanFile refuses, with exit code 2, a path where a plan cannot be written or where something else would be lost.
// Standard output, which is written -, can always be written.
func CheckPlanFile(path string) error {
	if path == "" || path == stdout {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return cli.Usagef("--out %s is no file: name one, or - for standard output", path)
	case err == nil && info.Size() > 0:
		if _, err := ReadPlanFile(path); err != nil {
			return cli.Usagef("--out %s is there and is no plan, so it is not overwritten: name another file (%w)", path, err)
		}
	}
	if err := cli.CanWriteWhole(path); err != nil {
		return cli.Usagef("--out: %w", err)
	}
	return nil
}

// stdout is what --out calls standard output.
const stdout = "-"

// ReadPlanFile reads a plan. One that is broken, was edited by hand or comes from a newer version is refused with exit
// code 2.
func ReadPlanFile(path string) (*plan.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, cli.Usagef("read the plan: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	text, err := withoutMark(f)
	if err != nil {
		return nil, cli.Usagef("plan file %s: %w", path, err)
	}
	p, err := plan.Decode(text)
	if err != nil {
		return nil, cli.Usagef("plan file %s: %w", path, err)
	}
	return p, nil
}

// withoutMark drops the byte order mark that some editors and transfers put before the text of a file.
func withoutMark(f io.Reader) (io.Reader, error) {
	r := bufio.NewReader(f)
	start, err := r.Peek(3)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, fmt.Errorf("%w: it is UTF-16 text, as some shells write it; copy the file as it was written, or save it as UTF-8", plan.ErrNotPlan)
	case bytes.Equal(start, []byte("\xef\xbb\xbf")):
		_, err = r.Discard(len(start))
		return r, err
	}
	return r, nil
}
