//go:build !unix

package bolt_test

import "errors"

// limitFileSize has no way to do that here.
func limitFileSize(string) error { return errors.ErrUnsupported }
