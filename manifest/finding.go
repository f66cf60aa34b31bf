package manifest

import (
	"slices"
	"strconv"
	"strings"
)

// Finding is one thing to say about a manifest.
type Finding struct {
	// File is the name of the source, as the user typed it.
	File string
	// Line counts from 1. It is 0 where the whole file is meant.
	Line int
	// Path is the field, spelled as the API server spells it
	// (spec.containers[1].name). It is empty where no field is meant.
	Path string
	// Message is what is wrong; for validation it is Kubernetes' own text.
	Message string
	// Hint is what to do about it, or what there is to choose from. It is
	// empty where minipod knows no more than the message.
	Hint string
}

// String is the finding without its hint, on one line:
//
//	pod.yaml:14: spec.containers[1].volumeMounts[0].name: Not found: "htlm"
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(f.Line))
	}
	b.WriteString(": ")
	if f.Path != "" {
		b.WriteString(f.Path)
		b.WriteString(": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// Invalid is the error of [Load]: the manifests cannot be run.
type Invalid struct {
	// Findings has at least one element, in the order of files and lines.
	Findings []Finding
	// Warnings are what a valid set would have held as [Set.Warnings].
	Warnings []Finding
}

// Error is all findings, each on its line and followed by its hint. A printer
// that knows about hints uses the Findings instead.
func (e *Invalid) Error() string {
	var lines []string
	for _, f := range e.Findings {
		lines = append(lines, f.String())
		if f.Hint != "" {
			lines = append(lines, "\t"+f.Hint)
		}
	}
	return strings.Join(lines, "\n")
}

// sorted orders findings by source and line, and drops repetitions: Kubernetes
// says some things twice.
func sorted(findings []Finding, sources []Source) []Finding {
	order := make(map[string]int, len(sources))
	for i, s := range sources {
		if _, ok := order[s.Name]; !ok {
			order[s.Name] = i
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		if a.File != b.File {
			return order[a.File] - order[b.File]
		}
		return a.Line - b.Line
	})
	seen := make(map[Finding]bool, len(findings))
	return slices.DeleteFunc(findings, func(f Finding) bool {
		again := seen[f]
		seen[f] = true
		return again
	})
}

// place is where a finding points, without what it says.
func place(f Finding) string { return f.File + ":" + strconv.Itoa(f.Line) }
