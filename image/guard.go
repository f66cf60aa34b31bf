package image

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// guard stands between the registry client and the network, and closes two
// doors that the client leaves open: it would fall back to plain HTTP for any
// private address, and reads manifests of any size into memory.
type guard struct {
	next     http.RoundTripper
	insecure bool
}

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !g.insecure && !onLoopback(r.URL.Hostname()) {
		return nil, fmt.Errorf("%s: %w", r.URL.Host, ErrPlainHTTP)
	}
	resp, err := g.next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "/manifests/") {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{atMost(resp.Body, mostJSON), resp.Body}
	}
	return resp, err
}

func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
