package pod

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/probe"
)

// hook runs a hook, beside everything else, and answers
// (pkg/kubelet/lifecycle/handlers.go).
func (o *Owner) hook(a lifecycle.RunHook) {
	in, c := o.instance(a.Container, a.ID), find(o.pod, a.Container)
	if in == nil {
		return // it has just ended: nobody waits for the answer
	}
	run := o.hookOf(in, c, handlerOf(c, a.Kind))
	go func() {
		failure := run(in.alive)
		o.tell(func(at time.Time) lifecycle.Event {
			if o.instance(a.Container, a.ID) == nil {
				return nil
			}
			return lifecycle.HookDone{At: at, Container: a.Container, ID: a.ID, Kind: a.Kind, Err: failure}
		})
	}()
}

func handlerOf(c *v1.Container, k lifecycle.HookKind) *v1.LifecycleHandler {
	if k == lifecycle.PostStart {
		return c.Lifecycle.PostStart
	}
	return c.Lifecycle.PreStop
}

// hookOf is called on Run's goroutine and makes what is not: a run of the hook,
// which gives why it failed.
func (o *Owner) hookOf(in *instance, c *v1.Container, h *v1.LifecycleHandler) func(alive context.Context) string {
	host, dial := o.reach()
	return func(alive context.Context) string {
		switch {
		case h.Exec != nil:
			output, err := in.hookCommand(alive, h.Exec.Command)
			if err != nil {
				return fmt.Sprintf("Exec lifecycle hook (%v) for Container %q in Pod %q failed - error: %v, message: %q",
					h.Exec.Command, c.Name, formatPod(o.pod), err, output)
			}
		case h.HTTPGet != nil:
			if err := hookRequest(alive, h.HTTPGet, c, host, dial); err != nil {
				return fmt.Sprintf("HTTP lifecycle hook (%s) for Container %q in Pod %q failed - error: %v",
					h.HTTPGet.Path, c.Name, formatPod(o.pod), err)
			}
		default: // tcpSocket passes validation, and fails here
			return fmt.Sprintf("Cannot run handler: invalid handler: %v", h)
		}
		return ""
	}
}

func (in *instance) hookCommand(ctx context.Context, argv []string) ([]byte, error) {
	output, code, err := in.run(ctx, argv)
	if err == nil && code != 0 {
		err = fmt.Errorf("command '%s' exited with %d: %s", strings.Join(argv, " "), code, output)
	}
	return output, err
}

// hookRequest asks for an answer, whichever. A server that does not speak TLS
// is asked without it, and without credentials.
func hookRequest(ctx context.Context, h *v1.HTTPGetAction, c *v1.Container, host string, dial probe.Dial) error {
	get, dial, err := httpGet(h, c, host, hookAgent, dial)
	if err != nil {
		return err
	}
	err = probe.Answer(ctx, get, dial)
	if errors.Is(err, http.ErrSchemeMismatch) {
		get.URL.Scheme = "http"
		get.Header.Del("Authorization")
		err = probe.Answer(ctx, get, dial)
	}
	return err
}
