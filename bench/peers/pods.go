package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// measurePods brings pods of two containers to life, one engine after the
// other, and measures what can be asked of a living pod on the way.
func measurePods(ctx context.Context, l *lab, r *results) (err error) {
	all := []contender{{"minipod", l.minipodRound}, {versionOurs, l.timed(nil, versionOurs, l.minipod, "version")}}
	p, err := openPodman(ctx, l)
	if err != nil {
		r.lack("podman", err.Error())
	} else {
		defer func() { err = errors.Join(err, p.close()) }()
		all = append(all,
			contender{versionPod, l.timed(nil, versionPod, "podman", "--version")},
			contender{coldNet, p.round},
			contender{coldNoNet, p.roundWithoutNetwork})
	}
	if err := alternate(ctx, l.runs, r, all...); err != nil {
		return err
	}
	r.samples[execAdds] = differences(r.samples[execOurs], r.samples[versionOurs])
	return nil
}

// timed is a round of one whole command.
func (l *lab) timed(in *cell, name string, argv ...string) func(context.Context, *results) error {
	return func(ctx context.Context, r *results) error {
		ms, err := l.run(ctx, in, argv...)
		if err == nil {
			r.add(name, ms)
		}
		return err
	}
}

// minipodRound starts a pod, looks at its owner, enters it, and ends it.
func (l *lab) minipodRound(ctx context.Context, r *results) error {
	owner, ms, err := l.own(ctx, l.pod, 2)
	if err != nil {
		return err
	}
	defer owner.end()
	r.add(coldOurs, ms)
	if err := l.look(ctx, r, owner.cmd.Process.Pid); err != nil {
		return err
	}
	ms, err = l.run(ctx, nil, l.minipod, "delete", "pod", "bench", "--grace-period=0", "--force")
	if err == nil {
		r.add(deleteOurs, ms)
	}
	return err
}

// own starts minipod run, which stays as the pod's owner, and gives the time
// until all containers were exec'd.
func (l *lab) own(ctx context.Context, manifest string, containers int) (*process, float64, error) {
	owner, err := l.start(ctx, nil, l.minipod, "run", manifest)
	if err != nil {
		return nil, 0, err
	}
	ms, err := l.stamps.wait(owner.begin, containers, owner.ended)
	if err != nil {
		owner.end()
		if owner.err != nil {
			err = owner.err
		}
		return nil, 0, err
	}
	return owner, ms, nil
}

func (l *lab) look(ctx context.Context, r *results, owner int) error {
	inside, err := childOf(owner)
	if err != nil {
		return err
	}
	exec, err := l.run(ctx, nil, l.minipod, "exec", "bench", "--", "/bin/true")
	if err != nil {
		return err
	}
	enter, err := l.run(ctx, nil, "nsenter", "-a", "-t", strconv.Itoa(inside), "/bin/true")
	if err != nil {
		return err
	}
	dirty, err := dirtyMemory(owner)
	if err != nil {
		return err
	}
	r.add(execOurs, exec)
	r.add(nsenter, enter)
	r.add(memoryOurs, dirty)
	return nil
}

// dirtyMemory is the private memory of a process that nothing else backs, in
// megabytes.
func dirtyMemory(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[0]) == "Private_Dirty:" {
			kib, err := strconv.ParseFloat(string(f[1]), 64)
			return kib * 1024 / 1e6, err
		}
	}
	return 0, errors.New("smaps_rollup without Private_Dirty")
}

// childOf finds a container's process: a child of its owner.
func childOf(owner int) (int, error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		// The name in parentheses may hold anything; state and parent follow.
		f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(f) > 1 && string(f[1]) == strconv.Itoa(owner) {
			return strconv.Atoi(filepath.Base(filepath.Dir(path)))
		}
	}
	return 0, fmt.Errorf("process %d has no child", owner)
}
