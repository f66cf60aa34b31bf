package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// podman is the peer for whole pods, with a configuration, a store and a cell
// of its own.
type podman struct {
	*lab
	cell    *cell
	cgroups []string // made by it, gone with it
}

// openPodman makes it ready, with the image loaded. The error says why it
// cannot be measured.
func openPodman(ctx context.Context, l *lab) (*podman, error) {
	if _, err := exec.LookPath("podman"); err != nil {
		return nil, errors.New("not installed")
	}
	c, err := openCell()
	if err != nil {
		return nil, err
	}
	own := *l
	p := &podman{lab: &own, cell: c, cgroups: newCgroups("libpod_parent")}
	if err := p.configure(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	if _, err := p.podman(ctx, "load", "-q", "-i", l.archive); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// configure writes podman's files and points it at them.
func (p *podman) configure() error {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	pidMax, err := os.ReadFile("/proc/sys/kernel/pid_max")
	if err != nil {
		return err
	}
	engine := "crun"
	if _, err := exec.LookPath(engine); err != nil {
		engine = "runc"
	}
	dir := p.path("podman")
	values := map[string]any{
		"Dir": dir, "Runtime": engine,
		"Files": files.Cur, "HardFiles": files.Max, "PidMax": strings.TrimSpace(string(pidMax)),
	}
	if err := os.MkdirAll(filepath.Join(dir, "networks"), 0o700); err != nil {
		return err
	}
	for variable, name := range map[string]string{"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"} {
		path := filepath.Join(dir, name)
		if err := render(path, "bench/podman/"+name, values); err != nil {
			return err
		}
		p.env = append(p.env[:len(p.env):len(p.env)], variable+"="+path)
	}
	return nil
}

func (p *podman) podman(ctx context.Context, args ...string) (float64, error) {
	return p.run(ctx, p.cell, append([]string{"podman"}, args...)...)
}

// round starts a pod on a bridge and ends it.
func (p *podman) round(ctx context.Context, r *results) error {
	start, err := p.exec(ctx, p.cell, 2, "podman", "kube", "play", p.pod)
	if err != nil {
		return err
	}
	down, err := p.podman(ctx, "kube", "down", p.pod)
	if err != nil {
		return err
	}
	r.add(coldNet, start)
	r.add(deleteDown, down)
	return nil
}

// roundWithoutNetwork starts a pod that has lo only, as minipod's, enters it,
// and kills it.
func (p *podman) roundWithoutNetwork(ctx context.Context, r *results) error {
	start, err := p.exec(ctx, p.cell, 2, "podman", "kube", "play", "--network", "none", p.pod)
	if err != nil {
		return err
	}
	enter, err := p.podman(ctx, "exec", "bench-c1", "/bin/true")
	if err != nil {
		return err
	}
	rm, err := p.podman(ctx, "pod", "rm", "-f", "-t", "0", "bench")
	if err != nil {
		return err
	}
	r.add(coldNoNet, start)
	r.add(execPodman, enter)
	r.add(deleteRm, rm)
	return nil
}

// close ends what failed rounds left. It must work after an interrupt.
func (p *podman) close() error {
	_, err := p.podman(context.Background(), "pod", "rm", "-f", "-t", "0", "-a")
	return errors.Join(err, p.cell.close(), removeCgroups(p.cgroups))
}

// newCgroups names the groups that do not exist yet, one for each hierarchy.
func newCgroups(name string) []string {
	places, _ := filepath.Glob("/sys/fs/cgroup/*") // the pattern is well formed
	var made []string
	for _, place := range append(places, "/sys/fs/cgroup") {
		dir := filepath.Join(place, name)
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			made = append(made, dir)
		}
	}
	return made
}

// removeCgroups removes what is left of groups, from the leaves up. One with a
// process in it stays, and is an error.
func removeCgroups(dirs []string) error {
	var errs []error
	for _, root := range dirs {
		var all []string
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				all = append(all, path)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for i := len(all) - 1; i >= 0; i-- {
			if err := os.Remove(all[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
