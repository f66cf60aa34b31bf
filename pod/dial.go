package pod

import (
	"context"
	"errors"
	"net"
	"strconv"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/probe"
)

// reach says how the pod's own servers are reached: at which address, and by
// what. A kubelet goes from the host to the pod's address. A pod without one is
// asked at its loopback, from within its network.
func (o *Owner) reach() (host string, dial probe.Dial) {
	switch {
	case len(o.ips) > 0:
		return o.ips[0], dialHere
	case o.layout.pins.Net == "":
		return "127.0.0.1", dialHere
	}
	return "127.0.0.1", dialIn(o.layout.pins.Net)
}

func dialHere(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// dialIn dials from the network namespace that is pinned: a socket belongs to
// the one in which it was made.
func dialIn(pin string) probe.Dial {
	return func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		err = kernel.OnThread(func(t *kernel.Thread) error {
			if err := t.Enter(kernel.Net, pin); err != nil {
				return err
			}
			conn, err = dialHere(ctx, network, address)
			return err
		})
		return conn, err
	}
}

// portOf is the number of a port that may be given by a name of the
// container's ports (pkg/probe/util.go ResolveContainerPort).
func portOf(port intstr.IntOrString, c *v1.Container) (string, error) {
	n := port.IntValue()
	if port.Type == intstr.String {
		for _, p := range c.Ports {
			if p.Name == port.StrVal {
				n = int(p.ContainerPort)
			}
		}
	}
	if n <= 0 || n > 65535 {
		return "", errors.New("invalid port number: " + port.String())
	}
	return strconv.Itoa(n), nil
}
