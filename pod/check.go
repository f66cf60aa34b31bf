package pod

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/probe"
)

// What our requests call themselves: the kubelet's version that minipod is.
const (
	probeAgent = "kube-probe/1.37"
	hookAgent  = "kube-lifecycle/1.37"
)

// attempts is how often a check that cannot be made is tried
// (prober.go maxProbeRetries).
const attempts = 3

// outcomes are the automaton's words for those of package probe.
var outcomes = map[probe.Outcome]lifecycle.Outcome{
	probe.Failure: lifecycle.ProbeFailure, probe.Success: lifecycle.ProbeSuccess, probe.Warning: lifecycle.ProbeWarning,
}

// probe makes one check, beside everything else, and answers.
func (o *Owner) probe(a lifecycle.Probe) {
	in, c := o.instance(a.Container, a.ID), find(o.pod, a.Container)
	if in == nil {
		return // it has just ended: nobody waits for the answer
	}
	check := o.checkOf(in, c, probeOf(c, a.Kind))
	go func() {
		var (
			result probe.Result
			err    error
		)
		for range attempts {
			if result, err = check(in.alive); err == nil || in.alive.Err() != nil {
				break
			}
		}
		o.tell(func(at time.Time) lifecycle.Event {
			if o.instance(a.Container, a.ID) == nil {
				return nil
			}
			e := lifecycle.Probed{At: at, Container: a.Container, ID: a.ID, Kind: a.Kind, Outcome: outcomes[result.Outcome], Message: result.Message}
			if err != nil {
				e.Outcome, e.Message = lifecycle.ProbeError, err.Error()
			}
			return e
		})
	}()
}

// instance is the running instance of that name and ID, if there is one.
func (o *Owner) instance(name, id string) *instance {
	if in := o.running[name]; in != nil && in.id == id {
		return in
	}
	return nil
}

func probeOf(c *v1.Container, k lifecycle.ProbeKind) *v1.Probe {
	switch k {
	case lifecycle.Startup:
		return c.StartupProbe
	case lifecycle.Liveness:
		return c.LivenessProbe
	case lifecycle.Readiness:
	}
	return c.ReadinessProbe
}

// check is one check of an instance that lives for as long as alive. The error
// says that it could not be made.
type check func(alive context.Context) (probe.Result, error)

// checkOf is called on Run's goroutine and makes a check that is not.
func (o *Owner) checkOf(in *instance, c *v1.Container, spec *v1.Probe) check {
	timeout := time.Duration(spec.TimeoutSeconds) * time.Second
	within := func(f check) check {
		return func(alive context.Context) (probe.Result, error) {
			ctx, cancel := context.WithTimeout(alive, timeout)
			defer cancel()
			return f(ctx)
		}
	}
	host, dial := o.reach()
	switch h := spec.ProbeHandler; {
	case h.Exec != nil:
		argv := expandAll(h.Exec.Command, staticEnv(c))
		return within(func(ctx context.Context) (probe.Result, error) { return probe.Exec(ctx, argv, timeout, in.run) })
	case h.HTTPGet != nil:
		return within(func(ctx context.Context) (probe.Result, error) {
			get, dial, err := httpGet(h.HTTPGet, c, host, probeAgent, dial)
			if err != nil {
				return probe.Result{}, err
			}
			return probe.HTTP(ctx, get, dial)
		})
	case h.TCPSocket != nil:
		return within(func(ctx context.Context) (probe.Result, error) {
			port, err := portOf(h.TCPSocket.Port, c)
			if err != nil {
				return probe.Result{}, err
			}
			host, dial := elsewhere(h.TCPSocket.Host, host, dial)
			return probe.TCP(ctx, net.JoinHostPort(host, port), dial), nil
		})
	case h.GRPC != nil:
		call := probe.GRPCCheck{Address: net.JoinHostPort(host, fmt.Sprint(h.GRPC.Port)), Agent: probeAgent, Timeout: timeout}
		call.TLS = h.GRPC.Mode != nil && *h.GRPC.Mode == v1.GRPCProbeModeTLS
		if h.GRPC.Service != nil {
			call.Service = *h.GRPC.Service
		}
		return func(alive context.Context) (probe.Result, error) { return probe.GRPC(alive, call, dial), nil }
	}
	return func(context.Context) (probe.Result, error) {
		return probe.Result{}, fmt.Errorf("missing probe handler for %s:%s", formatPod(o.pod), c.Name)
	}
}

// elsewhere: a host that the manifest names is reached from the host.
func elsewhere(named, host string, dial probe.Dial) (string, probe.Dial) {
	if named == "" {
		return host, dial
	}
	return named, dialHere
}

// httpGet makes the request of a probe or hook (pkg/probe/http/request.go).
func httpGet(h *v1.HTTPGetAction, c *v1.Container, host, agent string, dial probe.Dial) (probe.HTTPGet, probe.Dial, error) {
	port, err := portOf(h.Port, c)
	if err != nil {
		return probe.HTTPGet{}, nil, err
	}
	host, dial = elsewhere(h.Host, host, dial)
	u, err := url.Parse(h.Path)
	if err != nil {
		u = &url.URL{Path: h.Path} // too late to refuse it
	}
	u.Scheme, u.Host = strings.ToLower(string(h.Scheme)), net.JoinHostPort(host, port)
	header := http.Header{}
	for _, one := range h.HTTPHeaders {
		header.Add(one.Name, one.Value)
	}
	h2 := h.Protocol != nil && *h.Protocol == v1.HTTPProtocolHTTP2
	return probe.HTTPGet{URL: u, Header: header, Agent: agent, HTTP2: h2}, dial, nil
}

// staticEnv is what a probe's command may refer to: the values that stand in
// the manifest (container/helpers.go ExpandContainerCommandOnlyStatic).
func staticEnv(c *v1.Container) map[string]string {
	env := map[string]string{}
	for _, e := range c.Env {
		env[e.Name] = e.Value
	}
	return env
}

// formatPod names a pod as a kubelet's messages do (pkg/kubelet/util/format).
func formatPod(p *v1.Pod) string { return fmt.Sprintf("%s_%s(%s)", p.Name, p.Namespace, p.UID) }
