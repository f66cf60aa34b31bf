package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Container is what the owner writes down of a running container for those who
// enter it. It holds the environment, and so secrets; only root may read it.
type Container struct {
	ID      string // of the instance
	Attempt int32  // restarts before it
	// Entry is what package pod needs to enter the container.
	Entry json.RawMessage
}

type containerFile struct {
	header
	Container
}

const recordFile = "container.json"

// WriteContainer puts down the record of a container's newest instance. The
// container's directory (Dirs.ContainerDir) exists. Any goroutine may call it
// while the pod is owned.
func (o *Owned) WriteContainer(d Dirs, container string, c Container) error {
	dir, err := os.OpenRoot(d.ContainerDir(o.namespace, o.name, container))
	if err != nil {
		return fmt.Errorf("record of container %s: %w", container, err)
	}
	err = writeJSON(dir, recordFile, containerFile{header{Version}, c})
	return errors.Join(err, dir.Close())
}

// ReadContainer reads what WriteContainer put down last. The error wraps
// ErrNotFound when the container has not been started.
func ReadContainer(d Dirs, namespace, name, container string) (Container, error) {
	dir, err := os.OpenRoot(d.ContainerDir(namespace, name, container))
	if errors.Is(err, fs.ErrNotExist) {
		return Container{}, fmt.Errorf("container %s of pod %s: %w", container, name, ErrNotFound)
	}
	if err != nil {
		return Container{}, err
	}
	var f containerFile
	err = readJSON(dir, recordFile, &f)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("container %s of pod %s: %w", container, name, ErrNotFound)
	}
	return f.Container, errors.Join(err, dir.Close())
}

// RemoveLogs removes the logs of one incarnation of a pod.
func RemoveLogs(d Dirs, namespace, name, uid string) error {
	if err := os.RemoveAll(d.PodLogDir(namespace, name, uid)); err != nil {
		return fmt.Errorf("logs of pod %s: %w", name, err)
	}
	return nil
}
