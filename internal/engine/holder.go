package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"sacbridge/internal/apply"
)

// holder tells others who has the lease on a tenant.
func (e *Engine) holder(runID string) string {
	return fmt.Sprintf("%son %s (pid %d)", e.holderOf(runID), thisHost(), os.Getpid())
}

// holderOf is what the names of all holders of one run begin with.
func (e *Engine) holderOf(runID string) string { return e.d.Program + " run " + runID + " " }

func thisHost() string {
	host, err := os.Hostname()
	if err != nil {
		return "this machine"
	}
	return host
}

var holderForm = regexp.MustCompile(`^\S+ run (\S+) on (.+) \(pid ([0-9]+)\)$`)

// AbandonedRun gives the run that keeps others out, where err says that one does and its process, which ran on this
// machine, is gone.
func AbandonedRun(err error) (runID string, ok bool) {
	held, ok := errors.AsType[*apply.LeaseHeldError](err)
	if !ok {
		return "", false
	}
	return abandonedBy(held.Lease)
}

// abandonedBy gives the run whose lease this is, if the process that holds it ran on this machine and is gone. A process
// identifier that somebody else has by now passes for the holder's own.
func abandonedBy(l apply.Lease) (runID string, ok bool) {
	m := holderForm.FindStringSubmatch(l.Holder)
	if m == nil || m[2] != thisHost() {
		return "", false
	}
	pid, err := strconv.Atoi(m[3])
	if err != nil || !isGone(pid) {
		return "", false
	}
	return m[1], true
}

// isGone tells whether there is no process of that identifier.
func isGone(pid int) bool {
	p, err := os.FindProcess(pid) // fails on Windows only, for one that is gone or that another account runs
	if err != nil {
		return !errors.Is(err, os.ErrPermission)
	}
	defer func() { _ = p.Release() }()
	err = p.Signal(syscall.Signal(0)) // on Windows always an error of another kind
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}

// reclaimLease releases a lease that a killed process of the same run left behind. The run's journal is open: only one
// process can have that, so the lease has no other user. Others wait for its end, for what the killed process had sent
// may still arrive.
func (x *execution) reclaimLease(ctx context.Context) error {
	l, held, err := x.e.d.Leases.Holder(ctx, x.op.To.Tenant().URL)
	if err == nil && held && strings.HasPrefix(l.Holder, x.e.holderOf(x.runID)) {
		err = x.e.d.Leases.Release(ctx, l)
	}
	return wrap("take over the lease of the killed process", err)
}
