package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/kernel"
)

// HostPath is the step that checks the type of a hostPath, and makes it where
// that was asked for. Do runs in the host's mount namespace.
type HostPath struct {
	Name string
	Path string // absolute
	Type v1.HostPathType
}

// Kind implements plan.Step.
func (*HostPath) Kind() string { return "volume.hostpath" }

// String implements plan.Step.
func (s *HostPath) String() string {
	line := fmt.Sprintf("volume   %s: hostPath %s", s.Name, s.Path)
	if s.Type != v1.HostPathUnset {
		line += " (" + string(s.Type) + ")"
	}
	return line
}

// Do implements plan.Step.
func (s *HostPath) Do(ctx context.Context) error {
	err := s.create(ctx)
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return fmt.Errorf("volume %s: %w", s.Name, err)
	}
	return nil
}

// Undo does nothing: what was made on the host stays there, as it does when a
// kubelet made it, since somebody else may have begun to use it.
func (*HostPath) Undo(context.Context) error { return nil }

// create makes what is missing with exact modes. Without a type the kubelet
// does nothing, and then containerd makes a directory.
func (s *HostPath) create(ctx context.Context) error {
	if _, err := os.Stat(s.Path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return onVolumeThread(ctx, func(*kernel.Thread) error {
		switch s.Type {
		case v1.HostPathUnset, v1.HostPathDirectoryOrCreate:
			return os.MkdirAll(s.Path, 0o755)
		case v1.HostPathFileOrCreate:
			f, err := os.OpenFile(s.Path, os.O_RDONLY|os.O_CREATE, 0o644)
			if err != nil {
				return err
			}
			return f.Close()
		default:
			return nil // check tells
		}
	})
}

// check compares types in the words of pkg/volume/hostpath of the kubelet.
func (s *HostPath) check() error {
	want, ok := typeNames[s.Type]
	if !ok {
		return fmt.Errorf("%s is an invalid volume type", s.Type)
	}
	if s.Type == v1.HostPathUnset {
		return nil
	}
	info, err := os.Stat(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("path %q does not exist", s.Path)
	}
	var is v1.HostPathType
	if err == nil {
		is, err = typeOf(info.Mode())
	}
	if err != nil {
		return fmt.Errorf("hostPath type check failed, %s is not a %s, unable to determine its type: %w", s.Path, want, err)
	}
	if typeNames[is] != want {
		return fmt.Errorf("hostPath type check failed: %s is not a %s, it's a %s", s.Path, want, is)
	}
	return nil
}

var typeNames = map[v1.HostPathType]string{
	v1.HostPathUnset:             "",
	v1.HostPathDirectoryOrCreate: "directory",
	v1.HostPathDirectory:         "directory",
	v1.HostPathFileOrCreate:      "file",
	v1.HostPathFile:              "file",
	v1.HostPathSocket:            "socket file",
	v1.HostPathCharDev:           "character device",
	v1.HostPathBlockDev:          "block device",
}

func typeOf(mode fs.FileMode) (v1.HostPathType, error) {
	switch {
	case mode.IsDir():
		return v1.HostPathDirectory, nil
	case mode.IsRegular():
		return v1.HostPathFile, nil
	case mode&fs.ModeSocket != 0:
		return v1.HostPathSocket, nil
	case mode&fs.ModeCharDevice != 0:
		return v1.HostPathCharDev, nil
	case mode&fs.ModeDevice != 0:
		return v1.HostPathBlockDev, nil
	}
	return "", errors.New("only recognise file, directory, socket, block device and character device")
}
