package store

import "context"

// Values keeps values of one kind under keys, such as the tokens of an endpoint: few, small and read as a whole. It
// is safe for concurrent use.
type Values interface {
	// Put keeps value, which encodes as JSON, in the place of what was under the key. It is durable on return.
	Put(ctx context.Context, key string, value any) error
	// Delete removes what is under the key, if anything. It is durable on return.
	Delete(ctx context.Context, key string) error
	// Each shows all values by key; read decodes one. It ends with the first error of visit.
	Each(ctx context.Context, visit func(key string, read func(into any) error) error) error
}
