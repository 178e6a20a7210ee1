package main

import (
	"context"
	"net"
)

// notify tells systemd about the state of the service (sd_notify(3)); elsewhere it does nothing. A message
// that cannot be sent costs no more than systemd's patience.
func (a *app) notify(ctx context.Context, state string) {
	path := a.Env("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unixgram", path)
	if err != nil {
		return
	}
	_, _ = conn.Write([]byte(state))
	_ = conn.Close()
}
