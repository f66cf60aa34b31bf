package pod

import (
	"errors"
	"io"
	"log/slog"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// Limits of termination messages (pkg/kubelet/container/runtime.go): of one, of
// all that a pod's containers have, and of one that is taken from the log.
const (
	mostMessage  = 4 << 10
	mostMessages = 12 << 10
	mostLogged   = 2 << 10
	loggedLines  = 80
)

// lastMessage is the termination message of an instance that has ended, whose
// log is whole (kuberuntime_container.go getTerminationMessage).
func (o *Owner) lastMessage(in *instance, exit int) string {
	c := find(o.pod, in.name)
	spec := &o.pod.Spec
	most := mostMessages / (len(spec.InitContainers) + len(spec.Containers) + len(spec.EphemeralContainers))
	text, err := in.readMessage(min(most, mostMessage))
	if err != nil {
		slog.Warn("termination message not read", "pod", o.pod.Name, "container", in.name, "error", err)
	}
	if text != "" || exit == 0 || c.TerminationMessagePolicy != v1.TerminationMessageFallbackToLogsOnError {
		return text
	}
	text, err = o.lastLogged(in.name, min(most, mostLogged))
	if err != nil && !errors.Is(err, state.ErrNoLog) {
		slog.Warn("log not read for the termination message", "pod", o.pod.Name, "container", in.name, "error", err)
	}
	return text
}

// readMessage reads no more than it is told, whatever the container made of
// its file.
func (in *instance) readMessage(most int) (string, error) {
	if in.message == nil {
		return "", nil
	}
	buf := make([]byte, most)
	n := 0
	for n < len(buf) {
		more, err := unix.Pread(in.message.Int(), buf[n:], int64(n))
		if err != nil {
			return "", err
		}
		if more == 0 {
			break
		}
		n += more
	}
	return string(buf[:n]), nil
}

func (o *Owner) lastLogged(container string, most int) (string, error) {
	var text []byte
	dir := o.host.Dirs.ContainerLogDir(o.pod.Namespace, o.pod.Name, string(o.pod.UID), container)
	lines := int64(loggedLines)
	err := state.ReadLogs(background(), dir, state.LogOptions{Tail: &lines}, func(l state.Line) error {
		text = append(text, l.Text...)
		if !l.Partial {
			text = append(text, '\n')
		}
		return nil
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return string(text[max(0, len(text)-most):]), err
}
