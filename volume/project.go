package volume

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The names that the kubelet's AtomicWriter keeps for itself.
const (
	dataLink    = "..data"
	newDataLink = "..data_tmp"
)

// project writes the files below dir as AtomicWriter does
// (pkg/volume/util/atomic_writer.go of the kubelet), the first time and to
// update them: the files are in a directory ..<time>.<random>, the link ..data
// names it, and every visible name is a link through ..data, so that one rename
// exchanges them all. The thread's umask is 0; nobody else writes below dir.
func project(dir string, files []File) error {
	old, err := os.Readlink(filepath.Join(dir, dataLink))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old == "" || !upToDate(filepath.Join(dir, old), files) {
		if err := exchange(dir, files); err != nil {
			return err
		}
	} else {
		old = "" // it stays
	}
	if err := linkVisible(dir, files); err != nil {
		return err
	}
	if old == "" {
		return nil
	}
	if err := unlinkStale(dir, files); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(dir, old))
}

// exchange writes a new data directory and points ..data to it.
func exchange(dir string, files []File) error {
	data, err := os.MkdirTemp(dir, time.Now().UTC().Format("..2006_01_02_15_04_05."))
	if err != nil {
		return err
	}
	err = os.Chmod(data, 0o755)
	for _, f := range files {
		if err == nil {
			err = writeFile(data, f)
		}
	}
	if err == nil {
		err = relink(filepath.Base(data), dir)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(data))
	}
	return nil
}

func writeFile(data string, f File) error {
	name := filepath.Join(data, f.Path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, f.Data, fs.FileMode(f.Mode))
}

func relink(data, dir string) error {
	temporary := filepath.Join(dir, newDataLink)
	// An update that died before its rename leaves this one behind.
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(data, temporary); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(dir, dataLink))
}

// upToDate tells whether the data directory holds just these files.
func upToDate(data string, files []File) bool {
	for _, f := range files {
		is, err := os.ReadFile(filepath.Join(data, f.Path))
		if err != nil || !bytes.Equal(is, f.Data) {
			return false
		}
	}
	count := 0
	err := filepath.WalkDir(data, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			count++
		}
		return err
	})
	return err == nil && count == len(files)
}

// visible is the first part of a file's path: a link of that name leads to it.
func (f File) visible() string {
	first, _, _ := strings.Cut(f.Path, "/")
	return first
}

func linkVisible(dir string, files []File) error {
	for _, f := range files {
		name := f.visible()
		err := os.Symlink(filepath.Join(dataLink, name), filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// unlinkStale removes the links to what is no longer among the files.
func unlinkStale(dir string, files []File) error {
	keep := map[string]bool{}
	for _, f := range files {
		keep[f.visible()] = true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type() != fs.ModeSymlink || keep[e.Name()] || strings.HasPrefix(e.Name(), "..") {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func makeMountPoints(dir string, names []string) error {
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return fmt.Errorf("mount point for a nested volume: %w", err)
		}
	}
	return nil
}
