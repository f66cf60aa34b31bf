package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// HTTPGet is one request.
type HTTPGet struct {
	URL    *url.URL
	Header http.Header // taken over; what is missing is filled in
	// Agent is sent as User-Agent unless Header has one.
	Agent string
	// HTTP2 speaks HTTP/2 at once, in clear (the manifest's protocol: HTTP2).
	HTTP2 bool
}

// HTTP succeeds with an answer of 200 to 399 to a GET. Certificates are not
// looked at, proxies not used. Redirects are followed to the same host only: one
// that leads elsewhere is a Warning (pkg/probe/http). The error says that there
// can be no such request.
func HTTP(ctx context.Context, get HTTPGet, dial Dial) (Result, error) {
	req, err := get.request(ctx)
	if err != nil {
		return Result{}, err
	}
	client := &http.Client{Transport: get.transport(dial), CheckRedirect: sameHost}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return failure(err.Error()), nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return failure(err.Error()), nil
	}
	switch {
	case res.StatusCode < http.StatusOK, res.StatusCode >= http.StatusBadRequest:
		// Without the body, which would be in an event for all to see.
		return failure(fmt.Sprintf("HTTP probe failed with statuscode: %d", res.StatusCode)), nil
	case res.StatusCode >= http.StatusMultipleChoices:
		return Result{Warning, fmt.Sprintf("Probe terminated redirects, Response body: %s", body)}, nil
	}
	return Result{Success, string(body)}, nil
}

// Answer makes the request and is content with any answer: what a hook asks for.
// Of redirects it is as HTTP.
func Answer(ctx context.Context, get HTTPGet, dial Dial) error {
	req, err := get.request(ctx)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: get.transport(dial), CheckRedirect: sameHost}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, most)) // what it says does not matter
	return res.Body.Close()
}

func (g *HTTPGet) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.URL.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if g.Header != nil {
		req.Header = g.Header
	}
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header.Set("User-Agent", g.Agent)
	}
	if accept, ok := req.Header["Accept"]; !ok {
		req.Header.Set("Accept", "*/*")
	} else if len(accept) > 0 && accept[0] == "" {
		req.Header.Del("Accept")
	}
	req.Host = req.Header.Get("Host")
	return req, nil
}

// transport is of one request: a kept connection would keep a dead server's
// successor from being asked.
func (g *HTTPGet) transport(dial Dial) *http.Transport {
	t := &http.Transport{
		DialContext:     dial,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // as the kubelet does: who answers is told by the address
		// Dialing by a function of ours turns HTTP/2 off otherwise.
		ForceAttemptHTTP2:  true,
		DisableKeepAlives:  true,
		DisableCompression: true,
	}
	if g.HTTP2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}

const mostRedirects = 10

func sameHost(req *http.Request, via []*http.Request) error {
	if req.URL.Hostname() != via[0].URL.Hostname() {
		return http.ErrUseLastResponse
	}
	if len(via) >= mostRedirects {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}
