package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

func (a *app) describeCommand() *cli.Command {
	return &cli.Command{
		Name:        "describe",
		Usage:       "tell all that is known of pods: containers, volumes, events",
		ArgsUsage:   "pod NAME… | pods",
		Description: "The layout is that of kubectl describe.",
		Flags:       podLookFlags(),
		Action: func(c *cli.Context) error {
			names, err := resourceArgs(c)
			if err != nil {
				return err
			}
			l, err := readLook(c, names)
			if err != nil {
				return err
			}
			d, err := dirsOf(c)
			if err != nil {
				return err
			}
			return a.describe(d, l)
		},
	}
}

func (a *app) describe(d state.Dirs, l look) error {
	pods, err := l.find(d)
	for i, seen := range pods {
		if i > 0 {
			fmt.Fprint(a.Out, "\n\n")
		}
		err = errors.Join(err, a.describeOne(d, seen.Pod))
	}
	if len(pods) == 0 && err == nil {
		fmt.Fprintln(a.Err, noneFound(l.namespace))
	}
	a.noteOrphans(pods, map[string]bool{})
	return err
}

func (a *app) describeOne(d state.Dirs, p *v1.Pod) error {
	events, err := state.Events(d, p.Namespace, p.Name)
	if err != nil && !errors.Is(err, state.ErrNotFound) { // it may go while we look
		return err
	}
	sizes, err := emptyDirSizes(d, p)
	if err != nil {
		return err
	}
	return describePod(a.Out, p, sizes, events, time.Now())
}

// description writes indented lines whose columns are aligned as kubectl's
// describe does (k8s.io/kubectl/pkg/describe): a tab ends a column.
type description struct {
	tabs *tabwriter.Writer
	now  time.Time
	err  error
}

func newDescription(out io.Writer, now time.Time) *description {
	return &description{tabs: tabwriter.NewWriter(out, 0, 8, 2, ' ', 0), now: now}
}

// safe keeps text of a manifest or a container from steering the terminal.
var safe = strings.NewReplacer("\x1b", "^[", "\r", `\r`)

// line writes one line, two blanks deeper for each level.
func (d *description) line(level int, format string, args ...any) {
	d.put(strings.Repeat("  ", level)+format+"\n", args...)
}

func (d *description) put(format string, args ...any) {
	if _, err := safe.WriteString(d.tabs, fmt.Sprintf(format, args...)); err != nil && d.err == nil {
		d.err = err
	}
}

// flush ends the alignment with what was written before.
func (d *description) flush() error {
	return errors.Join(d.err, d.tabs.Flush())
}

// labels writes key=value pairs below each other.
func (d *description) labels(title string, labels map[string]string) {
	if len(labels) == 0 {
		d.line(0, "%s:\t<none>", title)
		return
	}
	d.put("%s:", title)
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		d.put("\t%s=%s\n", key, labels[key])
	}
}

// maxAnnotation is where kubectl gives an annotation lines of its own, and
// where it cuts them, in bytes.
const maxAnnotation = 140

func (d *description) annotations(annotations map[string]string) {
	if len(annotations) == 0 {
		d.line(0, "Annotations:\t<none>")
		return
	}
	d.put("Annotations:")
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		value := strings.TrimSuffix(annotations[key], "\n")
		if len(value)+len(key)+2 <= maxAnnotation && !strings.Contains(value, "\n") {
			d.put("\t%s: %s\n", key, value)
			continue
		}
		d.put("\t%s:\n", key)
		for s := range strings.SplitSeq(value, "\n") {
			if len(s) > maxAnnotation-2 {
				s = s[:maxAnnotation-2] + "..."
			}
			d.put("\t  %s\n", s)
		}
	}
}

func (d *description) tolerations(all []v1.Toleration) {
	if len(all) == 0 {
		d.line(0, "Tolerations:\t<none>")
		return
	}
	d.put("Tolerations:")
	sorted := slices.SortedFunc(slices.Values(all), func(a, b v1.Toleration) int { return strings.Compare(a.Key, b.Key) })
	for _, t := range sorted {
		text := t.Key
		if t.Value != "" {
			text += "=" + t.Value
		}
		if t.Effect != "" {
			text += ":" + string(t.Effect)
		}
		if t.Operator == v1.TolerationOpExists && t.Value == "" {
			text = strings.TrimPrefix(text+" op=Exists", " ")
		}
		if t.TolerationSeconds != nil {
			text += fmt.Sprintf(" for %ds", *t.TolerationSeconds)
		}
		d.put("\t%s\n", text)
	}
}
