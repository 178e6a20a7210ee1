package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"
)

// asHello makes the test binary be the baseline of the benchmarks: echo with one route that says hello.
const asHello = "BRIDGE_TEST_AS_HELLO"

func runHello() int {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/hello", func(c echo.Context) error { return c.String(http.StatusOK, "hello") })
	var conf net.ListenConfig
	l, err := conf.Listen(scriptContext(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	_, _ = fmt.Fprintf(os.Stdout, "{\"base_url\":\"http://%s\"}\n", l.Addr())
	h := newHTTPServer(e, 0, nil)
	h.ReadTimeout, h.WriteTimeout, h.ErrorLog = 0, 0, nil
	_ = h.Serve(l)
	return 0
}
