package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/minipod/minipod/kernel"
)

// File is one file of a volume that holds objects of the API.
type File struct {
	Path string // relative, clean, without ".."
	Mode uint32 // exact permission bits
	Data []byte
}

// Files is the step that makes a volume of given files on a tmpfs, laid out as
// the kubelet does it (see project), on Root/Name in the pod's mount namespace.
type Files struct {
	Pin   string // of the pod's mount namespace
	Name  string
	From  string // what the files are made of, for messages: "configMap web"
	Count int
	Bytes int64
	// Contents stay out of the journal, where they would make a start slow
	// and a Secret readable; Undo does not need them.
	Contents []File `json:"-"`
	// MountPoints are directories for mounts of other volumes in this one,
	// which containers have read-only.
	MountPoints []string `json:",omitempty"`
}

// Kind implements plan.Step.
func (*Files) Kind() string { return "volume.files" }

// String implements plan.Step.
func (s *Files) String() string {
	plural := "s"
	if s.Count == 1 {
		plural = ""
	}
	return fmt.Sprintf("volume   %s: %s, %d file%s of %s on a tmpfs, read-only", s.Name, s.From, s.Count, plural, FormatSize(s.Bytes))
}

// Do implements plan.Step. It fails on a step that came out of a journal.
func (s *Files) Do(ctx context.Context) error {
	return s.onThread(ctx, func(t *kernel.Thread) error {
		mount, err := newTmpfs(0, 0o777)
		if err != nil {
			return err
		}
		// Filled before it is mounted, so that it is there whole or not at all.
		err = makeMountPoints(mount.Path(), s.MountPoints)
		if err == nil {
			err = project(mount.Path(), s.Contents)
		}
		if err == nil {
			err = attach(t, s.Pin, s.Name, mount)
		}
		return errors.Join(err, mount.Close())
	})
}

// Update replaces the files by the step's contents as they are now: a reader
// in a container sees all of the old ones or all of the new. Mounts with a
// subPath keep the old, as with the kubelet.
func (s *Files) Update(ctx context.Context) error {
	return s.onThread(ctx, func(t *kernel.Thread) error {
		if err := t.Enter(kernel.Mount, s.Pin); err != nil {
			return err
		}
		return project(treeOf(s.Name), s.Contents)
	})
}

func (s *Files) onThread(ctx context.Context, f func(t *kernel.Thread) error) error {
	if len(s.Contents) != s.Count {
		return fmt.Errorf("volume %s: step without its %d files: the journal does not hold them", s.Name, s.Count)
	}
	if err := onVolumeThread(ctx, f); err != nil {
		return fmt.Errorf("volume %s: %w", s.Name, err)
	}
	return nil
}

// Undo unmounts the volume.
func (s *Files) Undo(ctx context.Context) error { return detach(ctx, s.Pin, s.Name) }
