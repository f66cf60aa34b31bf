package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder moves a command's flags before its arguments, up to "--": the
// library stops reading flags at the first argument, and people write
// `logs mc2 -c 1st`. Global flags may stand anywhere too and go to the front.
// What is after "--" is not touched.
func reorder(root *cli.App, args []string) ([]string, error) {
	r := &reordering{global: flagTable(root.Flags), local: map[string]bool{}}
	commands, i := root.Commands, 1
	for ; i < len(args) && args[i] != "--"; i++ {
		if strings.HasPrefix(args[i], "-") && args[i] != "-" {
			n, err := r.flag(args[i:])
			if err != nil {
				return nil, err
			}
			i += n
			continue
		}
		if sub := findCommand(commands, args[i]); sub != nil && len(r.rest) == 0 {
			r.path = append(r.path, args[i])
			commands = sub.Subcommands
			for name, takes := range flagTable(sub.Flags) {
				r.local[name] = takes
			}
			continue
		}
		commands = nil
		r.rest = append(r.rest, args[i])
	}
	switch r.instead {
	case "help":
		return slices.Concat(args[:1], r.front, []string{"help"}, r.path), nil
	case "version":
		return slices.Concat(args[:1], r.front, []string{"version"}), nil
	}
	out := slices.Concat(args[:1], r.front, r.path, r.flags)
	if len(r.path) > 0 && (len(r.rest) > 0 || i < len(args)) {
		out = append(out, "--")
	}
	out = append(out, r.rest...)
	if i < len(args) {
		out = append(out, afterDashes(r.rest, args[i+1:])...)
	}
	return out, nil
}

// afterDashes keeps the border between arguments and a command to be run: the
// library takes the first "--" away, exec looks for the second.
func afterDashes(before, after []string) []string {
	if len(before) == 0 {
		return after
	}
	return append([]string{"--"}, after...)
}

type reordering struct {
	global, local      map[string]bool // name → takes a value
	front, path, flags []string
	rest               []string
	instead            string // the command that a flag stands for: help, version
}

// flag sorts one flag and returns how many words of its value it took.
func (r *reordering) flag(words []string) (int, error) {
	name, _, inline := strings.Cut(strings.TrimLeft(words[0], "-"), "=")
	to, takes, known := r.find(name)
	switch {
	case known:
	case name == "h" || name == "help" || name == "version":
		r.instead = map[string]string{"h": "help"}[name]
		if r.instead == "" {
			r.instead = name
		}
		return 0, nil
	case len(words[0]) > 2 && !strings.HasPrefix(words[0], "--"):
		return r.cluster(words)
	}
	*to = append(*to, words[0])
	if !takes || inline {
		return 0, nil // an unknown flag is the library's to complain of
	}
	if len(words) < 2 {
		return 0, usage(fmt.Errorf("flag needs an argument: %s", words[0]))
	}
	*to = append(*to, words[1])
	return 1, nil
}

// find looks a flag up, and where it belongs: a command's own goes before a
// global one of the same name.
func (r *reordering) find(name string) (to *[]string, takes, known bool) {
	if takes, known = r.local[name]; known {
		return &r.flags, takes, true
	}
	if takes, known = r.global[name]; known {
		return &r.front, takes, true
	}
	return &r.flags, false, false
}

// cluster takes short flags written together, the last one perhaps with its
// value: -it, -owide.
func (r *reordering) cluster(words []string) (int, error) {
	letters := words[0][1:]
	for i, l := range letters {
		to, takes, known := r.find(string(l))
		if !known {
			r.flags = append(r.flags, words[0]) // the library complains of it whole
			return 0, nil
		}
		*to = append(*to, "-"+string(l))
		if !takes {
			continue
		}
		if value := strings.TrimPrefix(letters[i+1:], "="); value != "" {
			*to = append(*to, value)
			return 0, nil
		}
		if len(words) < 2 {
			return 0, usage(fmt.Errorf("flag needs an argument: -%c", l))
		}
		*to = append(*to, words[1])
		return 1, nil
	}
	return 0, nil
}

func flagTable(flags []cli.Flag) map[string]bool {
	table := map[string]bool{}
	for _, f := range flags {
		takes := false
		if d, ok := f.(cli.DocGenerationFlag); ok {
			takes = d.TakesValue()
		}
		if g, ok := f.(*cli.GenericFlag); ok && isOptional(g.Value) {
			takes = false // its value comes after "=", or not at all
		}
		for _, name := range f.Names() {
			table[name] = takes
		}
	}
	return table
}

// isOptional asks what package flag asks of a value, too.
func isOptional(v cli.Generic) bool {
	b, ok := v.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

func findCommand(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}
