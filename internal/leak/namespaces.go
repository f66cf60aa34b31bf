package leak

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// threads lists threads of this process in other namespaces than its first
// one: each keeps a pod's namespace alive, and must have been destroyed.
func threads(_ Scope, add func(string)) error {
	list, err := filepath.Glob("/proc/self/task/[0-9]*/ns/*")
	if err != nil {
		return err
	}
	for _, path := range list {
		kind := filepath.Base(path)
		mine, err := os.Readlink("/proc/self/ns/" + kind)
		if err != nil {
			return err
		}
		theirs, err := os.Readlink(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && theirs == mine {
			continue
		}
		// A thread that is just ending has no namespaces any more.
		if err == nil {
			add(fmt.Sprintf("thread of this process in the foreign namespace %s", theirs))
		}
	}
	return nil
}

// descriptors lists open files of this process that hold a namespace, or
// something below the folders of the test.
func descriptors(s Scope, add func(string)) error {
	list, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		return err
	}
	for _, path := range list {
		target, err := os.Readlink(path)
		if err != nil {
			continue // the descriptor that listed the folder
		}
		name, _, _ := strings.Cut(target, ":[")
		if kind := "/proc/self/ns/" + name; name != target && exists(kind) || under(target, s.Dirs) {
			add("open file " + target)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
