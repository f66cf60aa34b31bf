package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// measureSingle starts one container: what runs one only stands beside minipod
// here, for information.
func measureSingle(ctx context.Context, l *lab, r *results) (err error) {
	c, err := openCell()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	all := []contender{{singleOurs, l.singleRound}}
	for _, e := range []struct{ name, engine string }{{singleCrun, "crun"}, {singleRunc, "runc"}} {
		bundle, err := l.bundle(ctx, e.engine)
		if err != nil {
			r.lack(e.name, err.Error())
			continue
		}
		all = append(all, contender{e.name, l.stamped(c, e.name, e.engine, "run", "--bundle", bundle, "minipod-bench")})
	}
	if _, err := exec.LookPath("bwrap"); err != nil {
		r.lack(singleBwrap, "not installed")
	} else {
		all = append(all, contender{singleBwrap, l.stamped(c, singleBwrap, "bwrap",
			"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--bind", l.rootfs, "/",
			"--proc", "/proc", "--dev", "/dev", "--bind", l.path("out"), "/out", "/bin/stamp", "c1")})
	}
	return alternate(ctx, l.runs, r, all...)
}

// singleRound starts a pod of one container and ends it.
func (l *lab) singleRound(ctx context.Context, r *results) error {
	owner, ms, err := l.own(ctx, l.single, 1)
	if err != nil {
		return err
	}
	defer owner.end()
	r.add(singleOurs, ms)
	_, err = l.run(ctx, nil, l.minipod, "delete", "pod", "bench", "--grace-period=0", "--force")
	return err
}

// stamped is a round of a command whose container tells of its exec and ends.
func (l *lab) stamped(c *cell, name string, argv ...string) func(context.Context, *results) error {
	return func(ctx context.Context, r *results) error {
		ms, err := l.exec(ctx, c, 1, argv...)
		if err == nil {
			r.add(name, ms)
		}
		return err
	}
}

// bundle is an OCI bundle as the engine itself proposes it, with the program
// and the FIFO of the benchmark.
func (l *lab) bundle(ctx context.Context, engine string) (string, error) {
	if _, err := exec.LookPath(engine); err != nil {
		return "", errors.New("not installed")
	}
	dir := l.path("bundle-" + engine)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, engine, "spec")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s spec: %w: %s", engine, err, lastLine(string(out)))
	}
	path := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if text, err = l.fit(text); err != nil {
		return "", fmt.Errorf("config.json of %s: %w", engine, err)
	}
	return dir, os.WriteFile(path, text, 0o600)
}

// fit puts the benchmark's program into an OCI runtime configuration.
func (l *lab) fit(text []byte) ([]byte, error) {
	var config struct {
		Process map[string]any   `json:"process"`
		Root    map[string]any   `json:"root"`
		Mounts  []map[string]any `json:"mounts"`
	}
	all := map[string]any{}
	if err := errors.Join(json.Unmarshal(text, &config), json.Unmarshal(text, &all)); err != nil {
		return nil, err
	}
	config.Process["args"] = []string{"/bin/stamp", "c1"}
	config.Process["terminal"] = false
	config.Root["path"] = l.rootfs
	all["process"], all["root"] = config.Process, config.Root
	all["mounts"] = append(config.Mounts, map[string]any{
		"destination": "/out", "type": "bind", "source": l.path("out"), "options": []string{"rbind"},
	})
	return json.Marshal(all)
}
