package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// TestHelpOfEveryCommand asks for each page; docs/cli.md holds their text.
func TestHelpOfEveryCommand(t *testing.T) {
	d := newDirs(t)
	page := func(path ...string) {
		s := say(t, d, append([]string{"help"}, path...)...)
		title := strings.Join(append([]string{"minipod"}, path...), " ") + ": "
		if s.code != 0 || s.err != "" || !strings.HasPrefix(s.out, title) {
			t.Errorf("help %v: exit code %d\n%s%s", path, s.code, s.out, s.err)
		}
		for line := range strings.Lines(s.out) {
			if n := utf8.RuneCountInString(line); n > helpWidth+1 {
				t.Errorf("help %v: a line of %d characters: %s", path, n, line)
			}
		}
	}
	page()
	for _, c := range (&app{}).root().Commands {
		if c.Hidden {
			continue
		}
		page(c.Name)
		for _, sub := range c.Subcommands {
			page(c.Name, sub.Name)
		}
	}
}

// TestEveryFlagIsExplained finds a flag or command without a text.
func TestEveryFlagIsExplained(t *testing.T) {
	root := (&app{}).root()
	explained := func(of string, flags []cli.Flag) {
		for _, f := range flags {
			if f.(cli.DocGenerationFlag).GetUsage() == "" {
				t.Errorf("flag %s of %s has no text", f.Names()[0], of)
			}
		}
	}
	explained("minipod", root.Flags)
	for _, c := range root.Commands {
		if c.Usage == "" && !c.Hidden {
			t.Errorf("command %s has no text", c.Name)
		}
		explained(c.Name, c.Flags)
		for _, sub := range c.Subcommands {
			explained(c.Name+" "+sub.Name, sub.Flags)
		}
	}
}

func TestHelpIsReachedInEveryWay(t *testing.T) {
	d := newDirs(t)
	logs := say(t, d, "help", "logs").out
	for _, args := range []string{"logs --help", "logs -h", "logs mc2 -c x --help", "help logs"} {
		say(t, d, strings.Fields(args)...).want(t, args, 0, logs, "")
	}
	whole := say(t, d, "help").out
	for _, args := range []string{"", "--help", "-h"} {
		say(t, d, strings.Fields(args)...).want(t, args, 0, whole, "")
	}
	say(t, d, "image").want(t, "image", 0, say(t, d, "help", "image").out, "")
	say(t, d, "--version").want(t, "--version", 0, say(t, d, "version").out, "")
}

func TestWrongUsage(t *testing.T) {
	d := newDirs(t)
	for args, want := range map[string]string{
		"lgos mc1":       "error: unknown command \"lgos\"\n       Did you mean \"logs\"?",
		"image lod x":    "error: unknown command \"image lod\"\n       Did you mean \"load\"?",
		"help nope":      "error: unknown command \"nope\"",
		"help image nop": "error: unknown command \"image nop\"",
		"logs x --flow":  "error: unknown flag --flow\n       Did you mean \"--follow\"? `minipod logs --help` lists the flags",
		"get pods -x":    "error: unknown flag -x; `minipod get --help` lists the flags",
		"logs x --tail":  "error: flag needs an argument: --tail",
		"logs --tail=x":  "error: invalid value \"x\" for flag -tail",
		"doctor now":     "error: doctor takes no arguments",
		"version now":    "error: version takes no arguments",
		"completion sh":  "error: completion of which shell? bash, zsh or fish",
	} {
		say(t, d, strings.Fields(args)...).want(t, args, 2, "", want)
	}
}
