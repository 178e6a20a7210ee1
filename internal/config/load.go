package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const (
	maxFileBytes = 1 << 20
	// The YAML parser takes time by the square of the keys side by side, and recurses: these three keep
	// a file from holding it up or leading it too deep.
	maxLines     = 10_000
	maxLineBytes = 8 << 10
	maxFlowDepth = 50
)

// DefaultName is the file that is looked for where nothing else is said.
const DefaultName = "sacbridge.yaml"

// Find says which configuration file to read: the --config flag, else $SACBRIDGE_CONFIG, else
// ./sacbridge.yaml if there is one. ok is false if there is none. A file that was asked for by flag or
// variable need not exist: Load then says so.
func Find(flag string, env func(string) string) (path string, ok bool) {
	if flag != "" {
		return flag, true
	}
	if p := env("SACBRIDGE_CONFIG"); p != "" {
		return p, true
	}
	if info, err := os.Stat(DefaultName); err == nil && !info.IsDir() {
		return DefaultName, true
	}
	return "", false
}

// StateDir is where state goes without a configuration: the user's folder for data of this machine on Windows, elsewhere
// the state folder of the XDG Base Directory specification. It does not create it.
func StateDir(env func(string) string) (string, error) { return stateDir(runtime.GOOS, env) }

func stateDir(system string, env func(string) string) (string, error) {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sacbridge"), nil
	}
	variable, folder := "HOME", filepath.Join(".local", "state", "sacbridge")
	if system == "windows" {
		variable, folder = "LOCALAPPDATA", "sacbridge"
	}
	if dir := env(variable); dir != "" {
		return filepath.Join(dir, folder), nil
	}
	return "", fmt.Errorf("find the state folder: neither XDG_STATE_HOME nor %s is set", variable)
}

// Load reads and checks a configuration file. The error is of type Faults, with every fault of the file,
// where the content is to blame. References to secrets are not looked up.
func Load(path string) (*Config, []Warning, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the configuration: %w", err)
	}
	defer func() { _ = f.Close() }() // read-only: nothing is lost by a failing close
	raw, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the configuration: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the configuration: %w", err)
	}
	return parse(raw, path, abs)
}

// parse is Load without the file: name is for messages, abs is where relative paths start.
func parse(raw []byte, name, abs string) (*Config, []Warning, error) {
	d := &decoder{file: name, dir: filepath.Dir(abs), places: map[string]position{}, anchors: map[string]ast.Node{}}
	if len(raw) > maxFileBytes {
		d.fault(position{}, "", "the file has more than %d MiB", maxFileBytes>>20)
		return nil, nil, d.err()
	}
	raw = bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF"))
	d.lines = strings.Split(string(raw), "\n")
	root, ok := d.document(raw)
	if !ok {
		return nil, nil, d.err()
	}
	c := &Config{path: abs}
	d.decodeInto(root, c)
	if !d.stopped {
		v := &validator{decoder: d, config: c}
		v.all()
	}
	if err := d.err(); err != nil {
		return nil, d.warnings, err
	}
	c.Guards.fillDefaults()
	for _, j := range c.Jobs {
		j.Actions.fillDefaults(j.FromDirectory())
		j.Guards.over(c.Guards)
	}
	c.resolvePaths()
	return c, d.warnings, nil
}

// document parses the text into its one document.
func (d *decoder) document(raw []byte) (ast.Node, bool) {
	if len(d.lines) > maxLines {
		d.fault(position{}, "", "the file has more than %d lines", maxLines)
		return nil, false
	}
	if line := tooDeep(d.lines); line > 0 {
		d.fault(position{line: line}, "", "nested too deep, or a line of more than %d KiB", maxLineBytes>>10)
		return nil, false
	}
	if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
		d.fault(position{}, "", "the file is not UTF-8 text")
		return nil, false
	}
	file, err := parseYAML(raw)
	if err != nil {
		at, message := position{}, err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok {
			message = e.GetMessage()
			if t := e.GetToken(); t != nil {
				at = position{t.Position.Line, t.Position.Column}
			}
		}
		d.fault(at, "", "this is no YAML: %s", message)
		return nil, false
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			d.fault(positionOf(doc.Body), "", "the file holds a second document: write everything in one")
			return nil, false
		}
		root = doc.Body
	}
	if root == nil {
		d.fault(position{}, "", "the file is empty: it needs version, and tenants for transport or bridge for bridge")
		return nil, false
	}
	return root, true
}

// parseYAML runs the parser. It reports some faults of very odd text by a panic, which becomes an error.
func parseYAML(raw []byte) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, errors.New("the text cannot be read")
		}
	}()
	return parser.ParseBytes(raw, 0, parser.AllowDuplicateMapKey())
}

// tooDeep gives the line at which brackets nest too deep or that is too long, 0 if there is none. It
// counts brackets in texts and comments too, which a configuration has few of.
func tooDeep(lines []string) int {
	depth := 0
	for i, line := range lines {
		depth = max(0, depth+strings.Count(line, "[")+strings.Count(line, "{")-strings.Count(line, "]")-strings.Count(line, "}"))
		if len(line) > maxLineBytes || depth > maxFlowDepth || strings.Count(line, "[")+strings.Count(line, "{") > 4*maxFlowDepth {
			return i + 1
		}
	}
	return 0
}
