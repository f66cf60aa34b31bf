package leak

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// missing lists, sorted, what is in a and not in b.
func missing(a, b map[string]bool) (list []string) {
	for line := range a {
		if !b[line] {
			list = append(list, line)
		}
	}
	slices.Sort(list)
	return list
}

func under(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		return path == dir || strings.HasPrefix(path, strings.TrimRight(dir, "/")+"/")
	})
}

func mounts(s Scope, add func(string)) error {
	infos, err := mountinfo.GetMounts(nil)
	if err != nil {
		return err
	}
	for _, m := range infos {
		if under(m.Mountpoint, s.Dirs) || under(m.Root, s.Dirs) {
			add(fmt.Sprintf("mount %s of type %s (%s)", m.Mountpoint, m.FSType, m.Root))
		}
	}
	return nil
}

func files(s Scope, add func(string)) error {
	for _, dir := range s.Dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && path != dir {
				add(fmt.Sprintf("file %s (%s)", path, d.Type()))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func cgroups(s Scope, add func(string)) error {
	if s.Cgroup == "" {
		return nil
	}
	return filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // other people's groups come and go
		}
		if err == nil && d.IsDir() && strings.Contains(path, s.Cgroup) {
			add("cgroup " + path)
		}
		return err
	})
}

func links(s Scope, add func(string)) error {
	if s.Link == "" {
		return nil
	}
	list, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, l := range list {
		if strings.HasPrefix(l.Name, s.Link) {
			add("link " + l.Name)
		}
	}
	return nil
}

// processes lists this process's descendants, zombies too.
func processes(_ Scope, add func(string)) error {
	parent, name := map[int]int{}, map[int]string{}
	dirs, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return err
	}
	for _, path := range dirs {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, ppid, what := parseStat(string(b))
		parent[pid], name[pid] = ppid, what
	}
	for pid := range parent {
		if descends(pid, os.Getpid(), parent) {
			add(fmt.Sprintf("process %d %s", pid, name[pid]))
		}
	}
	return nil
}

// parseStat knows that a process's name may hold spaces and parentheses.
func parseStat(line string) (pid, ppid int, what string) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return 0, 0, ""
	}
	var state string
	_, _ = fmt.Sscan(line[:open], &pid)
	_, _ = fmt.Sscan(line[end+1:], &state, &ppid)
	return pid, ppid, line[open:end+1] + " state " + state
}

func descends(pid, from int, parent map[int]int) bool {
	for p := parent[pid]; p > 1; p = parent[p] {
		if p == from {
			return true
		}
	}
	return false
}
