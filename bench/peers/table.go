package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/sys/unix"
)

// goal is what a line has to reach.
type goal struct {
	kind  goalKind
	bound float64
}

type goalKind int

const (
	none   goalKind = iota // for information
	slower                 // ours at most bound × the peer's
	faster                 // ours at least bound times as fast
	below                  // ours at most bound, whatever the peers
)

// line is one row of the table: two contenders by name, or ours alone.
type line struct {
	letter, what string
	ours, peer   string
	unit         string
	goal         goal
}

// The names of what is measured.
const (
	warmOurs, warmFloor     = "minipod, warm", "floor.c"
	coldOurs, coldNet       = "minipod run", "podman kube play"
	coldNoNet               = "podman kube play --network none"
	versionOurs, versionPod = "minipod version", "podman --version"
	execOurs, execPodman    = "minipod exec", "podman exec"
	execAdds, nsenter       = "exec less version", "nsenter -a"
	deleteOurs, deleteDown  = "minipod delete --force", "podman kube down"
	deleteRm                = "podman pod rm -f -t 0"
	memoryOurs              = "owner of one pod"
	loadOurs, loadPodman    = "minipod image load", "podman load"
	singleOurs, singleCrun  = "minipod run, one container", "crun run"
	singleRunc, singleBwrap = "runc run", "bwrap"
)

var lines = []line{
	{"a", "two containers exec'd, in a warm process", warmOurs, warmFloor, "ms", goal{slower, 1.4}},
	{"b", "two containers exec'd, from the command", coldOurs, coldNet, "ms", goal{faster, 8}},
	{"b", "", coldOurs, coldNoNet, "ms", goal{faster, 8}},
	{"c", "saying the version", versionOurs, versionPod, "ms", goal{slower, 0.6}},
	{"d", "what exec adds to version", execAdds, nsenter, "ms", goal{slower, 2}},
	{"d", "exec of true, the whole command", execOurs, execPodman, "ms", goal{}},
	{"e", "killing and removing a pod of two", deleteOurs, deleteDown, "ms", goal{}},
	{"e", "", deleteOurs, deleteRm, "ms", goal{}},
	{"f", "loading and unpacking Debian", loadOurs, loadPodman, "ms", goal{faster, 3}},
	{"g", "dirty private memory", memoryOurs, "", "MB", goal{below, 24}},
	{"i", "one container exec'd, from the command", singleOurs, singleCrun, "ms", goal{}},
	{"i", "", singleOurs, singleRunc, "ms", goal{}},
	{"i", "", singleOurs, singleBwrap, "ms", goal{}},
}

// table prints the lines that have samples, and why the others have none.
func (r *results) table(lines []line) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tmedian [quartiles]\tminipod\t\tpeer\t\tratio\ttarget\t")
	for _, l := range lines {
		if len(r.samples[l.ours]) == 0 {
			continue
		}
		ratio, verdict := r.judge(l)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.letter, l.what,
			r.show(l.ours, l.unit), l.ours, r.show(l.peer, l.unit), l.peer, ratio, l.goal, verdict)
	}
	_ = w.Flush() // a strings.Builder takes everything
	for _, name := range r.order {
		fmt.Fprintf(&text, "left out: %s: %s\n", name, r.missing[name])
	}
	return text.String()
}

func (r *results) show(name, unit string) string {
	values := r.samples[name]
	if len(values) == 0 {
		return ""
	}
	first, median, third := quartiles(values)
	if len(values) == 1 {
		return fmt.Sprintf("%s %s", digits(median), unit)
	}
	return fmt.Sprintf("%s %s [%s–%s]", digits(median), unit, digits(first), digits(third))
}

// digits gives three significant ones, without an exponent.
func digits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// judge gives the ratio of the medians and whether the line reaches its goal.
func (r *results) judge(l line) (ratio, verdict string) {
	_, ours, _ := quartiles(r.samples[l.ours])
	if l.peer == "" {
		return "", word(l.goal, ours)
	}
	if len(r.samples[l.peer]) == 0 {
		return "", "not measured"
	}
	_, peer, _ := quartiles(r.samples[l.peer])
	switch {
	case l.goal.kind == slower:
		return fmt.Sprintf("%.2f ×", ours/peer), word(l.goal, ours/peer)
	case l.goal.kind == none && peer < ours:
		return fmt.Sprintf("%.1f × slower", ours/peer), ""
	}
	return fmt.Sprintf("%.1f × faster", peer/ours), word(l.goal, peer/ours)
}

func word(g goal, value float64) string {
	switch {
	case g.kind == none:
		return ""
	case g.kind == faster && value >= g.bound, g.kind != faster && value <= g.bound:
		return "reached"
	}
	return "MISSED"
}

// String is the goal as the table shows it.
func (g goal) String() string {
	switch g.kind {
	case slower:
		return fmt.Sprintf("≤ %.1f ×", g.bound)
	case faster:
		return fmt.Sprintf("≥ %.0f × faster", g.bound)
	case below:
		return fmt.Sprintf("≤ %.0f", g.bound)
	case none:
	}
	return "for information"
}

// machine says where and how was measured.
func machine(runs int) string {
	var u unix.Utsname
	_ = unix.Uname(&u) // an empty name is not worth an error
	load, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("Linux %s, %d processors, load %s at the end; %d runs each, in alternation\n",
		unix.ByteSliceToString(u.Release[:]), processors(), one, runs)
}
