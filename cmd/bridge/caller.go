package main

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

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/directory"
)

// caller asks the server that has the state open, through its socket.
type caller struct{ client *http.Client }

// dialState gives a caller where a server answers at the socket.
func dialState(ctx context.Context, path string) (*caller, bool) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		short, done, err := reachable(path)
		if err != nil {
			return nil, err
		}
		defer done()
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", short)
	}
	c := &caller{client: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := c.holder(ctx)
	return c, err == nil
}

// holder asks who the server is.
func (c *caller) holder(ctx context.Context) (holder, error) {
	return call[holder](ctx, c, http.MethodGet, "/holder", nil)
}

// NewToken implements operations.
func (c *caller) NewToken(ctx context.Context, w tokenWish) (string, error) {
	return call[string](ctx, c, http.MethodPost, "/tokens/new", w)
}

// Tokens implements operations.
func (c *caller) Tokens(ctx context.Context, source string) ([]tokenInfo, error) {
	return call[[]tokenInfo](ctx, c, http.MethodPost, "/tokens/list", source)
}

// RevokeTokens implements operations.
func (c *caller) RevokeTokens(ctx context.Context, w revokeWish) (int, error) {
	return call[int](ctx, c, http.MethodPost, "/tokens/revoke", w)
}

// Deleted implements operations.
func (c *caller) Deleted(ctx context.Context, w deletedWish) ([]deletedInfo, error) {
	return call[[]deletedInfo](ctx, c, http.MethodPost, "/deleted/list", w)
}

// RestoreDeleted implements operations.
func (c *caller) RestoreDeleted(ctx context.Context, w restoreWish) (deletedInfo, error) {
	return call[deletedInfo](ctx, c, http.MethodPost, "/deleted/restore", w)
}

// Check implements operations.
func (c *caller) Check(ctx context.Context) (directory.Report, error) {
	return call[directory.Report](ctx, c, http.MethodPost, "/check", nil)
}

// Backup implements operations.
func (c *caller) Backup(ctx context.Context, w io.Writer) error {
	answer, err := c.send(ctx, http.MethodPost, "/backup", nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // only read
	if answer.StatusCode != http.StatusOK {
		return refused(answer)
	}
	if _, err := io.Copy(w, answer.Body); err != nil {
		return fmt.Errorf("read the backup from the running bridge: %w", err)
	}
	return nil
}

// call sends one question and reads the answer.
func call[R any](ctx context.Context, c *caller, method, path string, wish any) (result R, err error) {
	answer, err := c.send(ctx, method, path, wish)
	if err != nil {
		return result, err
	}
	defer func() { _ = answer.Body.Close() }() // only read
	if answer.StatusCode != http.StatusOK {
		return result, refused(answer)
	}
	if err := json.NewDecoder(answer.Body).Decode(&result); err != nil {
		return result, fmt.Errorf("read the answer of the running bridge: %w", err)
	}
	return result, nil
}

func (c *caller) send(ctx context.Context, method, path string, wish any) (*http.Response, error) {
	body, err := json.Marshal(wish)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://bridge"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the running bridge: %w", err)
	}
	return answer, nil
}

// refused gives the error that the server sent, with its exit code.
func refused(answer *http.Response) error {
	var r refusal
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&r); err != nil || r.Error == "" {
		return fmt.Errorf("the running bridge answers %s", answer.Status)
	}
	return cli.Coded(r.Code, errors.New(r.Error))
}
