// Package admin holds the operations on the state of a bridge: tokens, deleted records, backup and check. A [Service] carries
// them out in the process that has the state open; other processes of the machine reach it through a Unix socket, by a
// [Client]. Both are [Operations], so that a command need not know which it has.
//
// The package is not for what providers do, nor for flags and output. It may import directory.
package admin
