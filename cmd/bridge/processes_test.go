package main

import (
	"context"
	"sync"
)

// processes are the servers of scripts that run side by side.
type processes struct {
	mu sync.Mutex
	of map[string]*process
}

func (p *processes) put(name string, ran *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[name] = ran
}

func (p *processes) get(name string) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.of[name]
}

// scriptContext is where the commands of scripts begin: testscript gives them none.
func scriptContext() context.Context {
	return context.Background() //nolint:forbidigo // testscript hands its commands no context
}
