package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// The scripts ask `minipod __complete -- WORD…` for what the last of the words
// typed so far may become.
var (
	//go:embed completion/bash.sh
	bashCompletion string
	//go:embed completion/zsh.sh
	zshCompletion string
	//go:embed completion/fish.sh
	fishCompletion string
)

func (a *app) completionCommand() *cli.Command {
	scripts := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script that completes minipod's command line in a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: "For bash: minipod completion bash >/etc/bash_completion.d/minipod. For zsh: into a file _minipod in " +
			"a directory of $fpath. For fish: into ~/.config/fish/completions/minipod.fish.",
		Action: func(c *cli.Context) error {
			script, ok := scripts[c.Args().First()]
			if !ok || c.NArg() != 1 {
				return usage(errors.New("completion of which shell? bash, zsh or fish"))
			}
			fmt.Fprint(a.Out, script)
			return nil
		},
	}
}

func (a *app) completeCommand() *cli.Command {
	return &cli.Command{
		Name:   "__complete",
		Hidden: true,
		Action: func(c *cli.Context) error {
			for _, word := range a.complete(c, c.Args().Slice()) {
				fmt.Fprintln(a.Out, word)
			}
			return nil
		},
	}
}

// complete proposes what the last of the words may become.
func (a *app) complete(c *cli.Context, words []string) []string {
	if len(words) == 0 {
		return nil
	}
	begun := words[len(words)-1]
	t := typed{commands: c.App.Commands, flags: c.App.Flags, namespace: c.String("namespace")}
	for _, w := range words[:len(words)-1] {
		t.take(w)
	}
	var all []string
	switch {
	case t.past:
		return nil // another program's arguments
	case t.value != "":
		all = a.valuesOf(c, t)
	case strings.HasPrefix(begun, "-"):
		all = flagWords(t.flags)
	case len(t.commands) > 0:
		all = commandWords(t.commands)
	default:
		all = a.argumentsOf(c, t)
	}
	return slices.DeleteFunc(all, func(w string) bool { return !strings.HasPrefix(w, begun) })
}

// typed is what stands before the word to be completed.
type typed struct {
	command  *cli.Command
	commands []*cli.Command // those that may follow
	flags    []cli.Flag
	rest     []string // arguments
	value    string   // the flag whose value is due
	past     bool     // behind "--"
	// namespace is the one that was typed, if any.
	namespace string
}

func (t *typed) take(word string) {
	switch {
	case t.past:
	case t.value != "":
		if t.value == "n" || t.value == "namespace" {
			t.namespace = word
		}
		t.value = ""
	case word == "--":
		t.past = true
	case strings.HasPrefix(word, "-") && word != "-":
		name := strings.TrimLeft(word, "-")
		if flagTable(t.flags)[name] {
			t.value = name
		}
	default:
		if sub := findCommand(t.commands, word); sub != nil {
			t.command, t.commands = sub, sub.Subcommands
			t.flags = append(t.flags[:len(t.flags):len(t.flags)], sub.Flags...)
			return
		}
		t.commands = nil
		t.rest = append(t.rest, word)
	}
}

func flagWords(flags []cli.Flag) []string {
	words := []string{"--help"}
	for name := range flagTable(flags) {
		if len(name) > 1 {
			words = append(words, "--"+name)
		}
	}
	slices.Sort(words)
	return words
}

func commandWords(commands []*cli.Command) []string {
	words := map[string]bool{}
	for _, c := range commands {
		if !c.Hidden {
			for _, name := range c.Names() {
				words[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(words))
}
