package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/plan"
)

// writePlanFile replaces path by p's file, whole or not at all: written beside it, synced, renamed. It is
// readable by its owner only, since it names people.
func writePlanFile(path string, p *plan.Plan) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreMissing(os.Remove(f.Name())))
		}
	}()
	err = plan.Encode(f, p)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return os.Rename(f.Name(), path)
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
	f, err := os.Open(path)
	if err != nil {
		return nil, cli.Usagef("read the plan: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	p, err := plan.Decode(f)
	if err != nil {
		return nil, cli.Usagef("plan file %s: %w", path, err)
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
