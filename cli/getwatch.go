package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/minipod/minipod/state"
)

// watchPods prints the pods, and again each one that has changed, until the
// command is interrupted.
func (a *app) watchPods(ctx context.Context, d state.Dirs, o getOptions) error {
	if o.output != "" && o.output != "wide" {
		return usage(fmt.Errorf("--watch prints a table, not -o %s", o.output))
	}
	w, err := state.NewWatcher(d, "", "")
	if err != nil {
		return err
	}
	defer w.Close()
	t := &table{out: a.Out}
	shown, said := map[string]string{}, map[string]bool{}
	for {
		pods, err := o.find(d)
		if err != nil && len(shown) == 0 {
			return err // a name that is not there; later it has gone
		}
		t.print(changedRows(pods, &o, shown)...)
		a.noteOrphans(pods, said)
		if err := w.Next(ctx); err != nil {
			return err
		}
	}
}

// changedRows are the rows that differ from the ones shown before, but for the
// passing of time; the headings come with the first.
func changedRows(pods []state.Seen, o *getOptions, shown map[string]string) [][]string {
	var changed []state.Seen
	for _, seen := range pods {
		row := strings.Join(podRow(seen, o.output == "wide", time.Time{}), "\t")
		id := string(seen.Pod.UID)
		if shown[id] != row {
			shown[id] = row
			changed = append(changed, seen)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	rows := podRows(changed, *o, time.Now())
	o.noHeaders = true
	return rows
}
