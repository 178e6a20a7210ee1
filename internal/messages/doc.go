// Package messages has the words of everything that is found on the way of a change: conflicts, skips,
// tripped guards and failures are codes with values elsewhere, and here get a title, a cause, what to check
// and a cure. It is the one source for terminal, API, pages and notices, and gives a cure in the form
// that fits the surface where they are read ([Surface]). It is pure, decides nothing and formats for
// nobody's layout. It may import identity, plan and upstream.
package messages
