package netns_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/netns"
)

func TestNamespaceHasLoopbackAlone(t *testing.T) {
	ability.Need(t, ability.Root)
	n := &netns.Namespace{Pin: filepath.Join(t.TempDir(), "net")}
	if err := n.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := kernel.OnThread(func(th *kernel.Thread) error {
		if err := th.Enter(kernel.Net, n.Pin); err != nil {
			return err
		}
		links, err := net.Interfaces()
		if err != nil {
			return err
		}
		if len(links) != 1 || links[0].Flags&(net.FlagUp|net.FlagLoopback) != net.FlagUp|net.FlagLoopback {
			t.Errorf("links: %+v", links)
		}
		// What a program in the pod binds, its neighbours reach.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		return l.Close()
	})
	if err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := n.Undo(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(n.Pin); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the pin is still there: %v", err)
	}
}

func TestNamespaceIsNotPinnedTwice(t *testing.T) {
	ability.Need(t, ability.Root)
	n := &netns.Namespace{Pin: filepath.Join(t.TempDir(), "net")}
	if err := n.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.Do(t.Context()); !errors.Is(err, unix.EEXIST) {
		t.Errorf("got %v", err)
	}
	if err := n.Undo(t.Context()); err != nil {
		t.Error(err)
	}
}
