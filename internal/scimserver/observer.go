package scimserver

import (
	"context"
	"time"
)

// Seen is what an access log or a metric may know of a request: nothing personal and no secret.
type Seen struct {
	Request  string // the request id, as in the answer
	Source   string // empty where the path names none
	Method   string
	Route    string // template, as in /Users/{id}
	Status   int
	Bytes    int64 // of the answer's body
	Duration time.Duration
	ID       string    // of the resource, where the route has one or a create made one
	By       string    // the credential: token name, client, issuer or certificate; never the secret
	At       time.Time // when the request came
}

// Observer is told of requests. Its methods are called on the request's goroutine and must not block;
// they may be called at once from many.
type Observer interface {
	// Done is called after the answer of every request.
	Done(ctx context.Context, s Seen)
	// Denied is called for every refused credential, with the reason in fixed words.
	Denied(ctx context.Context, s Seen, reason string)
}

type nobody struct{}

func (nobody) Done(context.Context, Seen)           {}
func (nobody) Denied(context.Context, Seen, string) {}
