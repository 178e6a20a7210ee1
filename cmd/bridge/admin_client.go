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

// adminClient asks the server that has the state open, through its socket.
type adminClient struct{ client *http.Client }

// dialAdmin gives a client where a server answers at the socket.
func dialAdmin(ctx context.Context, path string) (*adminClient, bool) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		short, done, err := shortSocketPath(path)
		if err != nil {
			return nil, err
		}
		defer done()
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", short)
	}
	c := &adminClient{client: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := c.serverInfo(ctx)
	return c, err == nil
}

// serverInfo asks who the server is.
func (c *adminClient) serverInfo(ctx context.Context) (serverInfo, error) {
	return call[serverInfo](ctx, c, http.MethodGet, "/holder", nil)
}

// NewToken implements adminOperations.
func (c *adminClient) NewToken(ctx context.Context, r newTokenRequest) (string, error) {
	return call[string](ctx, c, http.MethodPost, "/tokens/new", r)
}

// Tokens implements adminOperations.
func (c *adminClient) Tokens(ctx context.Context, source string) ([]tokenInfo, error) {
	return call[[]tokenInfo](ctx, c, http.MethodPost, "/tokens/list", source)
}

// RevokeTokens implements adminOperations.
func (c *adminClient) RevokeTokens(ctx context.Context, r revokeTokensRequest) (int, error) {
	return call[int](ctx, c, http.MethodPost, "/tokens/revoke", r)
}

// Deleted implements adminOperations.
func (c *adminClient) Deleted(ctx context.Context, r listDeletedRequest) ([]deletedInfo, error) {
	return call[[]deletedInfo](ctx, c, http.MethodPost, "/deleted/list", r)
}

// RestoreDeleted implements adminOperations.
func (c *adminClient) RestoreDeleted(ctx context.Context, r restoreRequest) (deletedInfo, error) {
	return call[deletedInfo](ctx, c, http.MethodPost, "/deleted/restore", r)
}

// Check implements adminOperations.
func (c *adminClient) Check(ctx context.Context) (directory.Report, error) {
	return call[directory.Report](ctx, c, http.MethodPost, "/check", nil)
}

// Backup implements adminOperations.
func (c *adminClient) Backup(ctx context.Context, w io.Writer) error {
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
func call[R any](ctx context.Context, c *adminClient, method, path string, request any) (result R, err error) {
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

func (c *adminClient) send(ctx context.Context, method, path string, request any) (*http.Response, error) {
	body, err := json.Marshal(request)
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
func answeredError(answer *http.Response) error {
	var r errorAnswer
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&r); err != nil || r.Error == "" {
		return fmt.Errorf("the running bridge answers %s", answer.Status)
	}
	return cli.Coded(r.Code, errors.New(r.Error))
}
