package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// The path of the one call, and the numbers that it answers with
// (grpc.health.v1, and the status codes of gRPC).
const (
	healthCheck = "/grpc.health.v1.Health/Check"

	statusOK               = 0
	statusDeadlineExceeded = 4
	statusUnimplemented    = 12
)

var healthNames = []string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}

const serving = 1

// GRPCCheck is one call of the health protocol.
type GRPCCheck struct {
	Address string // IP:port
	Service string // may be empty
	Agent   string // User-Agent
	Timeout time.Duration
	TLS     bool // without looking at the certificate
}

// GRPC succeeds if the service says that it is SERVING (pkg/probe/grpc).
//
// The call is a POST over HTTP/2 with a message of one field each way, and made
// with net/http. The client of google.golang.org/grpc would add 2 ms to the
// start of every minipod command, of which it takes 43.
func GRPC(ctx context.Context, check GRPCCheck, dial Dial) Result {
	ctx, cancel := context.WithTimeout(ctx, check.Timeout)
	defer cancel()
	// Of its own, to tell a server that is not there from one that is silent.
	var connected atomic.Bool
	client := &http.Client{Transport: check.transport(dial, &connected)}
	defer client.CloseIdleConnections()
	res, err := client.Do(check.request(ctx))
	if err != nil {
		return failure(check.whyNot(err, connected.Load()))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, most)) // trailers come after it
	if err != nil {
		return failure(check.whyNot(err, connected.Load()))
	}
	return check.verdict(res, body)
}

func (c *GRPCCheck) transport(dial Dial, connected *atomic.Bool) *http.Transport {
	t := &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true, Protocols: new(http.Protocols)}
	if c.TLS {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // as the kubelet does
		t.Protocols.SetHTTP2(true)
	} else {
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		connected.Store(err == nil)
		return conn, err
	}
	return t
}

func (c *GRPCCheck) request(ctx context.Context) *http.Request {
	scheme := "http"
	if c.TLS {
		scheme = "https"
	}
	u := &url.URL{Scheme: scheme, Host: c.Address, Path: healthCheck}
	// Field 1, a string; and before it gRPC's frame: not compressed, so long.
	message := binary.AppendUvarint([]byte{0x0a}, uint64(len(c.Service)))
	message = append(message, c.Service...)
	if c.Service == "" {
		message = nil
	}
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	body := bytes.NewReader(append(frame, message...))
	req := (&http.Request{
		Method: http.MethodPost, URL: u, Host: c.Address, ContentLength: body.Size(), Body: io.NopCloser(body),
		Header: http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}, "User-Agent": {c.Agent}},
	}).WithContext(ctx)
	return req
}

func (c *GRPCCheck) whyNot(err error, connected bool) string {
	late := errors.Is(err, context.DeadlineExceeded)
	switch {
	case late && connected:
		return c.silent()
	case late:
		return fmt.Sprintf("timeout: failed to connect service %q within %v: %v", c.Address, c.Timeout, context.DeadlineExceeded)
	case !connected:
		return fmt.Sprintf("error: failed to connect service at %q: %v", c.Address, errors.Unwrap(err))
	}
	return fmt.Sprintf("error: health rpc probe failed: %v", err)
}

func (c *GRPCCheck) silent() string {
	return fmt.Sprintf("timeout: health rpc did not complete within %v", c.Timeout)
}

func (c *GRPCCheck) verdict(res *http.Response, body []byte) Result {
	// A call that fails at once has its status in the headers.
	status := res.Trailer
	if status.Get("Grpc-Status") == "" {
		status = res.Header
	}
	code, err := strconv.Atoi(status.Get("Grpc-Status"))
	if err != nil {
		return failure(fmt.Sprintf("error: health rpc probe failed: no answer of gRPC, but HTTP status %s", res.Status))
	}
	message, err := url.PathUnescape(status.Get("Grpc-Message"))
	if err != nil {
		message = status.Get("Grpc-Message")
	}
	switch code {
	case statusOK:
		return health(body)
	case statusUnimplemented:
		return failure("error: this server does not implement the grpc health protocol (grpc.health.v1.Health): " + message)
	case statusDeadlineExceeded:
		return failure(c.silent())
	}
	return failure(fmt.Sprintf("error: health rpc probe failed: rpc error: code = %d desc = %s", code, message))
}

// health reads the answer: a frame, and in it field 1, a number.
func health(body []byte) Result {
	const frame, field = 5, 0x08
	state := uint64(0) // UNKNOWN is not sent
	if len(body) > frame {
		n := 0
		if state, n = binary.Uvarint(body[frame+1:]); body[frame] != field || n <= 0 {
			return failure(fmt.Sprintf("error: health rpc probe failed: an answer that is none: %x", body))
		}
	}
	if state == serving {
		return Result{Success, "service healthy"}
	}
	name := strconv.FormatUint(state, 10)
	if state < uint64(len(healthNames)) {
		name = healthNames[state]
	}
	return failure(fmt.Sprintf("service unhealthy (responded with %q)", name))
}
