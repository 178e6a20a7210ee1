package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"sacbridge/internal/directory"
)

// dialTimeout is how long a server may take to say that it is there. A socket that nobody listens on says so at once, so
// that only a machine under heavy load, or a server that is stopped, takes long.
const dialTimeout = 30 * time.Second

// Client asks the server that has the state open, through its socket. It implements [Operations].
type Client struct{ http *http.Client }

// Dial gives a client where a server answers at the socket.
func Dial(ctx context.Context, path string) (*Client, bool) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		short, done, err := shortSocketPath(path)
		if err != nil {
			return nil, err
		}
		defer done()
		return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", short)
	}
	c := &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	_, err := c.Server(ctx)
	return c, err == nil
}

// Server asks who the server is.
func (c *Client) Server(ctx context.Context) (Server, error) {
	return call[Server](ctx, c, http.MethodGet, "/holder", nil)
}

// NewToken implements Operations.
func (c *Client) NewToken(ctx context.Context, r NewTokenRequest) (string, error) {
	return call[string](ctx, c, http.MethodPost, "/tokens/new", r)
}

// Tokens implements Operations.
func (c *Client) Tokens(ctx context.Context, source string) ([]Token, error) {
	return call[[]Token](ctx, c, http.MethodPost, "/tokens/list", source)
}

// RevokeTokens implements Operations.
func (c *Client) RevokeTokens(ctx context.Context, r RevokeTokensRequest) (int, error) {
	return call[int](ctx, c, http.MethodPost, "/tokens/revoke", r)
}

// Deleted implements Operations.
func (c *Client) Deleted(ctx context.Context, r ListDeletedRequest) ([]Deleted, error) {
	return call[[]Deleted](ctx, c, http.MethodPost, "/deleted/list", r)
}

// RestoreDeleted implements Operations.
func (c *Client) RestoreDeleted(ctx context.Context, r RestoreRequest) (Deleted, error) {
	return call[Deleted](ctx, c, http.MethodPost, "/deleted/restore", r)
}

// Check implements Operations.
func (c *Client) Check(ctx context.Context) (directory.Report, error) {
	return call[directory.Report](ctx, c, http.MethodPost, "/check", nil)
}

// Backup implements Operations.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	answer, err := c.send(ctx, http.MethodPost, "/backup", nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // only read
	if answer.StatusCode != http.StatusOK {
		return answeredError(answer)
	}
	if _, err := io.Copy(w, answer.Body); err != nil {
		return fmt.Errorf("read the backup from the running bridge: %w", err)
	}
	return nil
}

// call sends one request and reads the answer.
func call[R any](ctx context.Context, c *Client, method, path string, request any) (result R, err error) {
	answer, err := c.send(ctx, method, path, request)
	if err != nil {
		return result, err
	}
	defer func() { _ = answer.Body.Close() }() // only read
	if answer.StatusCode != http.StatusOK {
		return result, answeredError(answer)
	}
	if err := json.NewDecoder(answer.Body).Decode(&result); err != nil {
		return result, fmt.Errorf("read the answer of the running bridge: %w", err)
	}
	return result, nil
}

func (c *Client) send(ctx context.Context, method, path string, request any) (*http.Response, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://bridge"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the running bridge: %w", err)
	}
	return answer, nil
}

// answeredError gives the error that the server sent, rejected where it was.
func answeredError(answer *http.Response) error {
	var r errorAnswer
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&r); err != nil || r.Error == "" {
		return fmt.Errorf("the running bridge answers %s", answer.Status)
	}
	if r.Code == codeRejected {
		return &RejectedError{errors.New(r.Error)}
	}
	return errors.New(r.Error)
}
