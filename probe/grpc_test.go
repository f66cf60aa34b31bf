package probe_test

import (
	"crypto/tls"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/minipod/minipod/probe"
)

// serve runs gRPC's own server and gives its address.
func serve(t *testing.T, register func(*grpc.Server), options ...grpc.ServerOption) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(options...)
	register(s)
	over := make(chan error, 1)
	go func() { over <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func healthOf(s *grpc.Server) {
	h := health.NewServer()
	h.SetServingStatus("ill", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	h.SetServingStatus("new", grpc_health_v1.HealthCheckResponse_UNKNOWN)
	h.SetServingStatus("well", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(s, h)
}

func TestGRPC(t *testing.T) {
	address := serve(t, healthOf)
	bare := serve(t, func(*grpc.Server) {})
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	defer certificate.Close()
	secret := serve(t, healthOf, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: certificate.TLS.Certificates})))
	for name, c := range map[string]struct {
		check   probe.GRPCCheck
		outcome probe.Outcome
		message string
	}{
		"all":      {probe.GRPCCheck{Address: address}, probe.Success, "service healthy"},
		"one":      {probe.GRPCCheck{Address: address, Service: "well"}, probe.Success, "service healthy"},
		"ill":      {probe.GRPCCheck{Address: address, Service: "ill"}, probe.Failure, `service unhealthy (responded with "NOT_SERVING")`},
		"new":      {probe.GRPCCheck{Address: address, Service: "new"}, probe.Failure, `service unhealthy (responded with "UNKNOWN")`},
		"unknown":  {probe.GRPCCheck{Address: address, Service: "no"}, probe.Failure, "desc = unknown service"},
		"bare":     {probe.GRPCCheck{Address: bare}, probe.Failure, "does not implement the grpc health protocol"},
		"TLS":      {probe.GRPCCheck{Address: secret, TLS: true}, probe.Success, "service healthy"},
		"no TLS":   {probe.GRPCCheck{Address: secret}, probe.Failure, "health rpc probe failed"},
		"not gRPC": {probe.GRPCCheck{Address: certificate.Listener.Addr().String()}, probe.Failure, "health rpc probe failed"},
		"nobody":   {probe.GRPCCheck{Address: "127.0.0.1:1"}, probe.Failure, "connection refused"},
	} {
		c.check.Timeout = time.Minute
		got := probe.GRPC(t.Context(), c.check, dial)
		if got.Outcome != c.outcome || !strings.Contains(got.Message, c.message) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A server that takes the connection and says nothing.
func TestGRPCSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := probe.GRPC(t.Context(), probe.GRPCCheck{Address: l.Addr().String(), Timeout: 50 * time.Millisecond}, dial)
	if got.Outcome != probe.Failure || got.Message != "timeout: health rpc did not complete within 50ms" {
		t.Errorf("%+v", got)
	}
}
