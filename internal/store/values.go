package store

import (
	"context"
	"errors"
)

// ErrNoValue says that nothing is kept under a key.
var ErrNoValue = errors.New("no value under this key")

// Values keeps values of one kind under keys, such as the tokens of an endpoint: few and small. It is safe for
// concurrent use; what one method has written, all later calls see, in every process that shares the store. What
// writes is durable on return, and changes nothing where ctx has ended before it began.
type Values interface {
	// Get reads the value under a key; ErrNoValue where there is none.
	Get(ctx context.Context, key string, into any) error
	// Put keeps value, which encodes as JSON, in the place of what was under the key.
	Put(ctx context.Context, key string, value any) error
	// Update puts what change makes of a value in its place. ErrNoValue where there is none: a note about a value
	// never brings it back. change reads the value, at the moment of the write, by read; it may be called more
	// than once, must be quick, and its error leaves the value as it is.
	Update(ctx context.Context, key string, change func(read func(into any) error) (value any, err error)) error
	// Delete removes what is under a key; ErrNoValue where there is nothing.
	Delete(ctx context.Context, key string) error
	// Version changes with each Put and Delete, so that whoever keeps values in memory learns when they are outdated:
	// what was read after asking for a version is good for as long as it stays the same. An Update may leave it.
	Version(ctx context.Context) (uint64, error)
	// Each shows all values in the order of their keys; read decodes one. It ends with the first error of visit.
	Each(ctx context.Context, visit func(key string, read func(into any) error) error) error
}
