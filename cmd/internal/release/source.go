package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// module is the path of this one.
const module = "sacbridge"

// programs are what is released, by the names of their folders.
var programs = []string{"bridge", "transport"}

// installed are the names under which they are released: iproute2 has a command called bridge, so ours is another one.
var installed = map[string]string{"bridge": "sacbridge", "transport": "transport"}

// release is one commit on its way to other machines.
type release struct {
	root    string // of the repository
	version string
	commit  string
	time    time.Time // of the commit: everything that is made bears it
	out     string
	talk    io.Writer
}

// versionForm keeps versions usable as names of files and as tags of images.
var versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,100}$`)

// newRelease looks the commit up. A folder with changes has none.
func newRelease(ctx context.Context, root, version string) (*release, error) {
	if !versionForm.MatchString(version) {
		return nil, fmt.Errorf("the version %q is not of letters, digits, '.', '_' and '-'", version)
	}
	changed, err := output(ctx, root, nil, "git", "status", "--porcelain")
	if err != nil {
		return nil, err
	}
	if changed != "" {
		return nil, fmt.Errorf("commit or take away these first, so that what is made can be made again from a commit:\n%s", changed)
	}
	head, err := output(ctx, root, nil, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return nil, err
	}
	commit, epoch, _ := strings.Cut(head, " ")
	if given := os.Getenv("SOURCE_DATE_EPOCH"); given != "" {
		epoch = given
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the time of the commit: %w", err)
	}
	return &release{root: root, version: version, commit: commit, time: time.Unix(seconds, 0).UTC()}, nil
}

// target is a system that programs are built for.
type target struct{ os, arch string }

// targets lists the systems in the order in which they are told.
func targets() []target {
	var all []target
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, target{system, arch})
		}
	}
	return all
}

// environment is that of the Go tool for a target: what a person has set for builds of another kind counts for nothing.
func (t target) environment() []string {
	return []string{
		"GOOS=" + t.os, "GOARCH=" + t.arch, "GOAMD64=v1", "GOARM64=v8.0", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=", "GODEBUG=",
	}
}

// program is a built program.
type program struct {
	name string // of its file
	body []byte
	info *buildinfo.BuildInfo
}

// build builds the programs for a target.
func (r *release) build(ctx context.Context, t target) (built []program, err error) {
	dir, err := os.MkdirTemp("", "release-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", r.linkerFlags(), "-o", dir + string(filepath.Separator)}
	for _, name := range programs {
		args = append(args, "./cmd/"+name)
	}
	if _, err := output(ctx, r.root, t.environment(), "go", args...); err != nil {
		return nil, err
	}
	for _, name := range programs {
		end := ""
		if t.os == "windows" {
			end = ".exe"
		}
		p := program{name: installed[name] + end}
		if p.body, err = os.ReadFile(filepath.Join(dir, name+end)); err != nil {
			return nil, err
		}
		if p.info, err = buildinfo.Read(bytes.NewReader(p.body)); err != nil {
			return nil, err
		}
		built = append(built, p)
	}
	return built, nil
}

// linkerFlags leave out what debuggers need, and say which commit the programs are of.
func (r *release) linkerFlags() string {
	set := " -X " + module + "/cmd/internal/cli."
	return "-s -w -buildid=" + set + "version=" + r.version + set + "commit=" + r.commit + set + "commitTime=" + r.time.Format(time.RFC3339)
}

// pages has the programs' tests write manual pages and completion scripts, and gives them.
func (r *release) pages(ctx context.Context) (pages []file, err error) {
	dir, err := os.MkdirTemp("", "release-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, name := range programs {
		here := append(target{runtime.GOOS, runtime.GOARCH}.environment(), fmt.Sprint("SOURCE_DATE_EPOCH=", r.time.Unix()))
		if _, err := output(ctx, r.root, here, "go", "test", "-trimpath", "-count=1", "-run", "^TestEveryCommandHasAManualPage$", "./cmd/"+name, "-manual", dir); err != nil {
			return nil, err
		}
	}
	return filesBelow(dir, "man", "completions")
}

// output runs a command in a folder and gives what it writes, without the line end.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the commands are in this package
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out.String(), talk.String())
	}
	return strings.TrimRight(out.String(), "\n"), nil
}
