package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rawClient is a connection that sends finished requests. It is as light as can be, since it shares the machine
// with the server it measures.
type rawClient struct {
	conn net.Conn
	r    *bufio.Reader
}

func dialRawClient(ctx context.Context, address string) (*rawClient, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &rawClient{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// send gives the status and the time until the first byte, and reads the answer to its end, into body where
// that is not nil.
func (s *rawClient) send(request []byte, body *bytes.Buffer) (status int, first time.Duration, err error) {
	start := time.Now()
	if _, err := s.conn.Write(request); err != nil {
		return 0, 0, err
	}
	line, err := s.r.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, 0, errors.Join(err, errors.New("no status line"))
	}
	first = time.Since(start)
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	length, chunked := int64(0), false
	for {
		if line, err = s.r.ReadSlice('\n'); err != nil {
			return 0, 0, err
		}
		if len(line) <= 2 {
			break
		}
		if rest, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(rest)), 10, 64); err != nil {
				return 0, 0, err
			}
		}
		chunked = chunked || bytes.HasPrefix(line, []byte("Transfer-Encoding: chunked"))
	}
	return status, first, s.drain(length, chunked, body)
}

func (s *rawClient) drain(length int64, chunked bool, body *bytes.Buffer) error {
	to := io.Discard
	if body != nil {
		body.Reset()
		to = body
	}
	if !chunked {
		_, err := io.CopyN(to, s.r, length)
		return err
	}
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(line), 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(to, s.r, n); err != nil {
			return err
		}
		if _, err := s.r.ReadString('\n'); err != nil || n == 0 {
			return err
		}
	}
}

// request makes the bytes of a request.
func request(base, token, method, path, body string) []byte {
	host, prefix, _ := strings.Cut(strings.TrimPrefix(base, "http://"), "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	head := fmt.Sprintf("%s %s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, prefix, path, host, token)
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/scim+json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(head + "\r\n" + body)
}

// loadResult is what a number of connections achieved.
type loadResult struct {
	rate  float64         // requests a second
	times []time.Duration // until the first byte, sorted
}

func (v loadResult) p50() time.Duration { return v.times[len(v.times)/2] }

// sendLoad sends requests over some connections for a time. next gives a connection's n-th request.
func sendLoad(ctx context.Context, address string, connections int, d time.Duration, want int, next func(connection, n int) []byte) (loadResult, error) {
	var (
		mu    sync.Mutex
		all   loadResult
		fault error
		done  sync.WaitGroup
	)
	start := time.Now()
	for c := range connections {
		done.Go(func() {
			times, err := sendLoadOne(ctx, address, start.Add(d), want, func(n int) []byte { return next(c, n) })
			mu.Lock()
			defer mu.Unlock()
			all.times, fault = append(all.times, times...), errors.Join(fault, err)
		})
	}
	done.Wait()
	all.rate = float64(len(all.times)) / time.Since(start).Seconds()
	slices.Sort(all.times)
	if len(all.times) == 0 {
		fault = errors.Join(fault, errors.New("no request was answered"))
	}
	return all, fault
}

func sendLoadOne(ctx context.Context, address string, until time.Time, want int, next func(n int) []byte) ([]time.Duration, error) {
	s, err := dialRawClient(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.conn.Close() }()
	var times []time.Duration
	var body bytes.Buffer
	for n := 0; time.Now().Before(until); n++ {
		status, first, err := s.send(next(n), &body)
		if err != nil {
			return times, err
		}
		if status != want {
			return times, fmt.Errorf("status %d, want %d: %.200s", status, want, body.Bytes())
		}
		times = append(times, first)
	}
	return times, nil
}
