package pod

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/state"
)

// Delete ends a pod, whoever owns it, and waits until it is gone: a living
// owner is asked, the pod of a dead one is killed and undone, one that was kept
// is removed. The error wraps state.ErrNotFound if there is none.
func Delete(ctx context.Context, h *Host, namespace, name string, d state.Deletion) error {
	for {
		claim, err := state.Adopt(h.Dirs, namespace, name)
		var busy *state.Busy
		if !errors.As(err, &busy) {
			if err != nil {
				return err
			}
			return remove(h, claim)
		}
		if err := state.RequestDelete(h.Dirs, namespace, name, d); err != nil {
			return err
		}
		// Its owner may be killed meanwhile, or keep what is left of it.
		ending, err := state.AwaitGone(ctx, h.Dirs, namespace, name)
		if err != nil || ending == state.Gone {
			return err
		}
	}
}

// remove undoes what a dead owner left of a pod, and forgets the pod.
func remove(h *Host, claim *state.Owned) error {
	p, err := claim.Spec()
	if errors.Is(err, fs.ErrNotExist) {
		// Its owner was killed before it had written the pod down.
		return errors.Join(fmt.Errorf("run directory without a pod: %w", state.ErrNotFound), claim.Remove())
	}
	if err != nil {
		return errors.Join(err, claim.Release())
	}
	records, err := claim.Records()
	if err != nil {
		return errors.Join(err, claim.Release())
	}
	steps, err := plan.Recover(kinds, records)
	if err != nil {
		return errors.Join(fmt.Errorf("pod %s: %w", p.Name, err), claim.Release())
	}
	if steps.Journal, err = claim.Journal(); err != nil {
		return errors.Join(err, claim.Release())
	}
	if err := steps.UndoAll(background()); err != nil {
		return errors.Join(fmt.Errorf("pod %s is not undone in full: %w", p.Name, err), claim.Release())
	}
	return errors.Join(state.RemoveLogs(h.Dirs, p.Namespace, p.Name, string(p.UID)), claim.Remove())
}

// Collect undoes every pod that no living owner claims, and returns the names
// of those it removed as namespace/name. Pods that have ended and were kept
// are left alone.
func Collect(h *Host) ([]string, error) {
	pods, err := state.List(h.Dirs, "")
	var gone []string
	for _, seen := range pods {
		if !seen.Orphan() {
			continue
		}
		name := seen.Pod.Namespace + "/" + seen.Pod.Name
		claim, aerr := state.Adopt(h.Dirs, seen.Pod.Namespace, seen.Pod.Name)
		if aerr != nil {
			err = errors.Join(err, ignoreTaken(aerr))
			continue
		}
		if rerr := remove(h, claim); rerr != nil {
			err = errors.Join(err, rerr)
			continue
		}
		gone = append(gone, name)
	}
	return gone, errors.Join(err, state.Sweep(h.Dirs), sweepScratch(h))
}

// sweepScratch removes what pods had on disk whose run directory is gone, as
// after a reboot. A pod is written down before it has anything on disk, and
// forgotten after: a directory that no pod read later claims is nobody's.
func sweepScratch(h *Host) error {
	dir, prefix := filepath.Join(h.Dirs.Root, "pods"), scratchPrefix(h.Dirs)
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	pods, err := state.List(h.Dirs, "")
	if err != nil {
		return fmt.Errorf("what pods have on disk is left alone: %w", err)
	}
	for _, f := range found {
		uid, ours := strings.CutPrefix(f.Name(), prefix)
		claimed := slices.ContainsFunc(pods, func(s state.Seen) bool { return string(s.Pod.UID) == uid })
		if ours && !claimed {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// ignoreTaken drops the errors that say somebody else was quicker.
func ignoreTaken(err error) error {
	var busy *state.Busy
	if errors.As(err, &busy) || errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}
