// Package store is what every database driver shares: the encoding of records, keys that sort, the
// folding of names and the version of the schema. It opens no driver. It may import identity,
// directory and apply.
package store
