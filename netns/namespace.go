package netns

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/kernel"
)

// loopback is the index that the kernel gives "lo" in every namespace.
const loopback = 1

// Namespace is the step that makes a network namespace with its loopback
// device up, and pins it.
type Namespace struct {
	Pin string // the file that keeps it; its directory is private
}

// Kind implements plan.Step.
func (*Namespace) Kind() string { return "netns.namespace" }

// String implements plan.Step.
func (*Namespace) String() string { return "netns    namespace: lo up" }

// Do implements plan.Step.
func (n *Namespace) Do(context.Context) error {
	return kernel.OnThread(func(t *kernel.Thread) error {
		if err := t.Unshare(kernel.Net); err != nil {
			return err
		}
		if err := loopbackUp(); err != nil {
			return err
		}
		return kernel.Pin(t.NamespaceFile(kernel.Net), n.Pin)
	})
}

func loopbackUp() error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	defer h.Close()
	if err := h.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: loopback}}); err != nil {
		return fmt.Errorf("lo up: %w", err)
	}
	return nil
}

// Undo drops the pin; links and addresses go with the namespace.
func (n *Namespace) Undo(context.Context) error { return kernel.Unpin(n.Pin) }
