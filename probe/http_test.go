package probe_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/minipod/minipod/probe"
)

var dial = (&net.Dialer{}).DialContext

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// server answers as the kubelet's probes are to be answered.
func server() http.Handler {
	mux := http.NewServeMux()
	for _, code := range []int{200, 204, 400, 404, 503} {
		mux.HandleFunc(fmt.Sprintf("/%d", code), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s host=%s agent=%s accept=%q proto=%s", r.URL, r.Host, r.UserAgent(), r.Header["Accept"], r.Proto)
	})
	mux.Handle("/near", http.RedirectHandler("/there?x=1", http.StatusFound))
	mux.Handle("/far", http.RedirectHandler("http://elsewhere.invalid/", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 1<<20)) })
	return mux
}

func TestHTTP(t *testing.T) {
	s := httptest.NewServer(server())
	defer s.Close()
	agent := "agent=kube-probe/1.37"
	for path, want := range map[string]struct {
		header  http.Header
		outcome probe.Outcome
		message string
	}{
		"/200":  {nil, probe.Success, ""},
		"/204":  {nil, probe.Success, ""},
		"/400":  {nil, probe.Failure, "HTTP probe failed with statuscode: 400"},
		"/404":  {nil, probe.Failure, "HTTP probe failed with statuscode: 404"},
		"/503":  {nil, probe.Failure, "HTTP probe failed with statuscode: 503"},
		"/a?b":  {nil, probe.Success, "/a?b host=" + s.Listener.Addr().String() + " " + agent + ` accept=["*/*"] proto=HTTP/1.1`},
		"/near": {nil, probe.Success, "/there?x=1"},
		"/far":  {nil, probe.Warning, "Probe terminated redirects"},
		"/loop": {nil, probe.Failure, "stopped after 10 redirects"},
		"/long": {nil, probe.Success, strings.Repeat("x", 10<<10)},
		"/named": {
			http.Header{"Host": {"web.local"}, "Accept": {""}, "User-Agent": {"mine"}},
			probe.Success, "/named host=web.local agent=mine accept=[] ",
		},
	} {
		got, err := probe.HTTP(t.Context(), probe.HTTPGet{URL: parse(t, s.URL+path), Header: want.header, Agent: "kube-probe/1.37"}, dial)
		if err != nil || got.Outcome != want.outcome || !strings.Contains(got.Message, want.message) || len(got.Message) > 10<<10 {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
}

func TestHTTPWithoutAServer(t *testing.T) {
	s := httptest.NewServer(server())
	address := s.URL
	s.Close()
	got, err := probe.HTTP(t.Context(), probe.HTTPGet{URL: parse(t, address)}, dial)
	if err != nil || got.Outcome != probe.Failure || !strings.Contains(got.Message, "connection refused") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A certificate that nobody signed is good enough, and HTTP/2 is spoken where
// the server can.
func TestHTTPS(t *testing.T) {
	s := httptest.NewUnstartedServer(server())
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	got, err := probe.HTTP(t.Context(), probe.HTTPGet{URL: parse(t, s.URL)}, dial)
	if err != nil || got.Outcome != probe.Success || !strings.Contains(got.Message, "proto=HTTP/2.0") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHTTP2InClear(t *testing.T) {
	s := httptest.NewUnstartedServer(server())
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	got, err := probe.HTTP(t.Context(), probe.HTTPGet{URL: parse(t, s.URL), HTTP2: true}, dial)
	if err != nil || got.Outcome != probe.Success || !strings.Contains(got.Message, "proto=HTTP/2.0") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A server that never answers fails the check when its time is over.
func TestHTTPTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	got, err := probe.HTTP(ctx, probe.HTTPGet{URL: parse(t, "http://"+l.Addr().String())}, dial)
	if err != nil || got.Outcome != probe.Failure || !strings.Contains(got.Message, "deadline exceeded") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if got := probe.TCP(t.Context(), l.Addr().String(), dial); got.Outcome != probe.Success {
		t.Errorf("%+v", got)
	}
	l.Close()
	if got := probe.TCP(t.Context(), l.Addr().String(), dial); got.Outcome != probe.Failure || !strings.Contains(got.Message, "refused") {
		t.Errorf("%+v", got)
	}
}
