package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// maxSourceBytes bounds one source. The API server takes 3 MiB per request, so
// whatever is larger than this is not a manifest, and is not worth the memory.
const maxSourceBytes = 16 << 20

// Source is one file as it was read, before anything looked into it.
type Source struct {
	// Name is what the user typed, or for a member of a directory that name
	// and the file's; "-" is standard input.
	Name string
	// Data is the unchanged content.
	Data []byte
}

// Read reads the files, directories and "-" (standard input) of a command
// line, in its order. Of a directory it takes the *.yaml, *.yml and *.json
// files sorted by name, not those of its subdirectories, as kubectl does.
// A source over 16 MiB is an error, and so is a directory without a manifest.
func Read(args []string, stdin io.Reader) ([]Source, error) {
	var sources []Source
	stdinTaken := false
	for _, arg := range args {
		if arg == "-" {
			if stdinTaken {
				return nil, errors.New(`standard input ("-") named twice`)
			}
			stdinTaken = true
			s, err := readAll("-", stdin)
			if err != nil {
				return nil, err
			}
			sources = append(sources, s)
			continue
		}
		more, err := readPath(arg)
		if err != nil {
			return nil, err
		}
		sources = append(sources, more...)
	}
	return sources, nil
}

func readPath(path string) ([]Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.IsDir() {
		return readDirectory(path)
	}
	s, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return []Source{s}, nil
}

// unreadable words an error of the file system without the system call's name.
func unreadable(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("manifest %s: %w", path, err)
}

func readDirectory(dir string) ([]Source, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("directory of manifests: %w", err)
	}
	var sources []Source
	for _, entry := range entries {
		known := slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name()))
		if entry.IsDir() || !known {
			continue
		}
		s, err := readFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("directory %s: no file *.yaml, *.yml or *.json in it", dir)
	}
	return sources, nil
}

func readFile(path string) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return Source{}, unreadable(path, err)
	}
	defer func() { _ = f.Close() }() // only read: there is nothing that Close could lose
	return readAll(path, f)
}

func readAll(name string, r io.Reader) (Source, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSourceBytes+1))
	if err != nil {
		return Source{}, fmt.Errorf("manifest %s: %w", name, err)
	}
	if len(data) > maxSourceBytes {
		return Source{}, fmt.Errorf("manifest %s: larger than %d MiB", name, maxSourceBytes>>20)
	}
	return Source{Name: name, Data: data}, nil
}
