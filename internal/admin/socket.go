package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"
)

// Server says who has the state open.
type Server struct {
	Command string    `json:"command"`
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Since   time.Time `json:"since"`
	Listen  string    `json:"listen"`
}

// maxSocketPath is what a Unix socket's address holds on all systems we know (sun_path, unix(7)).
const maxSocketPath = 100

// Listen opens the socket for the other commands of this machine, for the owner of the process only. The
// caller has the state open, so whatever stands at path is left over from a process that is gone.
func Listen(ctx context.Context, path string) (*Socket, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket == 0 {
		return nil, Rejectedf("open the socket for other commands: %s is there and no socket", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove a stale socket: %w", err)
	}
	short, done, err := shortSocketPath(path)
	if err != nil {
		return nil, fmt.Errorf("open the socket for other commands: %w", err)
	}
	defer done()
	var conf net.ListenConfig
	l, err := conf.Listen(ctx, "unix", short)
	if err != nil {
		return nil, fmt.Errorf("open the socket for other commands: %w", err)
	}
	// The short path leads nowhere once its folder is closed, so we remove the socket ourselves.
	if unix, ok := l.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false)
	}
	if runtime.GOOS == "windows" { // which has no modes: who may write to the folder may open it
		return &Socket{Listener: l, Path: path}, nil
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(path))
	}
	return &Socket{Listener: l, Path: path}, nil
}

// Socket is a listener that removes its file when it is closed.
type Socket struct {
	net.Listener
	Path string
}

// Close ends the listener and removes the file.
func (s *Socket) Close() error {
	err := s.Listener.Close()
	if rerr := os.Remove(s.Path); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}

// Handler answers the other commands of this machine. Who may open the socket may do everything:
// it belongs to the account that owns the file.
func Handler(ops Operations, who Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /holder", func(w http.ResponseWriter, _ *http.Request) { reply(w, who, nil) })
	mux.HandleFunc("POST /tokens/new", handle(ops.NewToken))
	mux.HandleFunc("POST /tokens/list", handle(ops.Tokens))
	mux.HandleFunc("POST /tokens/revoke", handle(ops.RevokeTokens))
	mux.HandleFunc("POST /deleted/list", handle(ops.Deleted))
	mux.HandleFunc("POST /deleted/restore", handle(ops.RestoreDeleted))
	mux.HandleFunc("POST /check", func(w http.ResponseWriter, r *http.Request) {
		report, err := ops.Check(r.Context())
		reply(w, report, err)
	})
	mux.HandleFunc("POST /backup", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		if err := ops.Backup(r.Context(), w); err != nil {
			// The status is sent already: only a cut connection says that this is no backup.
			panic(http.ErrAbortHandler)
		}
	})
	return mux
}

// handle makes a handler of an operation with one argument.
func handle[W, R any](do func(context.Context, W) (R, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request W
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&request); err != nil {
			reply(w, nil, Rejectedf("read the request: %w", err))
			return
		}
		result, err := do(r.Context(), request)
		reply(w, result, err)
	}
}

// errorAnswer is an error on its way through the socket.
type errorAnswer struct {
	Error string `json:"error"`
	Code  int    `json:"code"`
}

// The codes of errors; programs of every version know them.
const (
	codeFailed   = 1
	codeRejected = 2
)

func reply(w http.ResponseWriter, result any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		code := codeFailed
		if _, rejected := errors.AsType[*RejectedError](err); rejected {
			code = codeRejected
		}
		w.WriteHeader(http.StatusConflict)
		result = errorAnswer{Error: err.Error(), Code: code}
	}
	_ = json.NewEncoder(w).Encode(result)
}
