package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sacbridge/internal/plan"
)

// maxPlanFile bounds a plan file: a plan for 80,000 people takes some 60 MB.
const maxPlanFile = 512 << 20

// writePlanFile writes p whole or not at all, readable by its owner only: it names people.
func writePlanFile(path string, p *plan.Plan) error {
	var b bytes.Buffer
	if err := plan.Encode(&b, p); err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	if err := writeFile(path, b.Bytes()); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// writeFile replaces path by a new file with mode 0600: written beside it, synced, renamed.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// ignoreMissing drops the error of a file that is not there.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readPlanFile reads a plan. One that is broken, was edited by hand or comes from a newer version is
// refused with exit code 2.
func readPlanFile(path string) (*plan.Plan, error) {
	data, err := readLimited(path, maxPlanFile)
	if err != nil {
		return nil, usagef("read the plan: %w", err)
	}
	p, err := plan.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, usagef("plan file %s: %w", path, err)
	}
	return p, nil
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return data, nil
}
