package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

func (a *app) helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "list the commands, or explain one",
		ArgsUsage: "[COMMAND…]",
		Action:    func(c *cli.Context) error { return a.help(c.App, c.Args().Slice()) },
	}
}

// help explains the command that path leads to, or minipod itself.
func (a *app) help(root *cli.App, path []string) error {
	commands := root.Commands
	var found *cli.Command
	for i, name := range path {
		found = findCommand(commands, name)
		if found == nil {
			return unknownCommand(commands, strings.Join(path[:i+1], " "), name)
		}
		path[i] = found.Name
		commands = found.Subcommands
	}
	if found == nil {
		writeAppHelp(a.Out, root)
		return nil
	}
	writeCommandHelp(a.Out, strings.Join(append([]string{root.Name}, path...), " "), found)
	return nil
}

// helpWidth is where help texts are broken, in characters.
const helpWidth = 96

func writeAppHelp(w io.Writer, root *cli.App) {
	fmt.Fprintf(w, "%s: %s\n\nUsage:\n  %s [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n", root.Name, root.Usage, root.Name)
	group := ""
	for _, c := range root.Commands {
		if c.Hidden {
			continue
		}
		if c.Category != group {
			group = c.Category
			fmt.Fprintf(w, "\n%s:\n", group)
		}
		writeHanging(w, fmt.Sprintf("  %-14s", strings.Join(c.Names(), ", ")), c.Usage)
	}
	fmt.Fprintf(w, "\nGlobal options, which may stand anywhere before --:\n")
	writeFlags(w, root.Flags)
	fmt.Fprintf(w, "\n`%s help COMMAND` or `%s COMMAND --help` explains a command.\n", root.Name, root.Name)
}

func writeCommandHelp(w io.Writer, name string, c *cli.Command) {
	fmt.Fprintf(w, "%s: %s\n\nUsage:\n", name, c.Usage)
	arguments := c.ArgsUsage
	if len(c.Subcommands) > 0 {
		arguments = "COMMAND"
	}
	for form := range strings.SplitSeq(arguments, " | ") {
		fmt.Fprintf(w, "  %s\n", strings.TrimSpace(name+" "+form))
	}
	if len(c.Aliases) > 0 {
		fmt.Fprintf(w, "\nAlso called: %s\n", strings.Join(c.Aliases, ", "))
	}
	if c.Description != "" {
		fmt.Fprintln(w)
		writeHanging(w, "", c.Description)
	}
	if len(c.Subcommands) > 0 {
		fmt.Fprintf(w, "\nCommands:\n")
		for _, sub := range c.Subcommands {
			writeHanging(w, fmt.Sprintf("  %-10s", strings.Join(sub.Names(), ", ")), sub.Usage)
		}
	}
	if len(c.Flags) > 0 {
		fmt.Fprintf(w, "\nOptions:\n")
		writeFlags(w, c.Flags)
	}
	fmt.Fprintf(w, "\n`minipod help` lists the global options.\n")
}

// writeFlags explains each flag in a column of its own width.
func writeFlags(w io.Writer, flags []cli.Flag) {
	var names, texts []string
	width := 0
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		value, text := flagUsage(d)
		name := flagNames(f.Names()) + value
		names, texts = append(names, name), append(texts, text)
		width = max(width, utf8.RuneCountInString(name))
	}
	for i, name := range names {
		writeHanging(w, fmt.Sprintf("  %-*s  ", width, name), texts[i])
	}
}

// flagNames writes "-c, --container", and indents a flag without a letter.
func flagNames(names []string) string {
	short, long := "    ", ""
	for _, n := range names {
		if len(n) == 1 {
			short = "-" + n + ", "
		} else {
			long = "--" + n
		}
	}
	if long == "" {
		return strings.TrimSuffix(short, ", ")
	}
	return short + long
}

// flagUsage splits a usage text into the word in backquotes, which names the
// flag's value, and the text without the quotes, with default and variable.
func flagUsage(d cli.DocGenerationFlag) (value, text string) {
	text = d.GetUsage()
	if parts := strings.SplitN(text, "`", 3); len(parts) == 3 {
		value, text = " "+parts[1], strings.Join(parts, "")
	}
	if !slices.Contains([]string{"", "false", "0", "0s", `""`}, d.GetDefaultText()) {
		text += " (default " + strings.Trim(d.GetDefaultText(), `"`) + ")"
	}
	if vars := d.GetEnvVars(); len(vars) > 0 {
		text += " [$" + strings.Join(vars, ", $") + "]"
	}
	if _, ok := d.(*cli.GenericFlag); ok {
		value = "[=" + strings.TrimSpace(value) + "]"
	}
	return value, text
}

// writeHanging writes a text after a label, broken into lines that begin
// below each other.
func writeHanging(w io.Writer, label, text string) {
	indent := utf8.RuneCountInString(label)
	line, used := label, indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > helpWidth:
			fmt.Fprintln(w, line)
			line, used = strings.Repeat(" ", indent), indent
		default:
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	fmt.Fprintln(w, line)
}

// unknownCommand is the error about a word that is no command; typed is all
// that was typed up to it.
func unknownCommand(commands []*cli.Command, typed, name string) error {
	visible := slices.DeleteFunc(slices.Clone(commands), func(c *cli.Command) bool { return c.Hidden })
	err := fmt.Errorf("unknown command %q", typed)
	if suggestion := cli.SuggestCommand(visible, name); suggestion != "" {
		err = fmt.Errorf("%w\n%s `minipod help` lists the commands", err, suggestion)
	}
	return usage(err)
}

// usageError words what the library says about flags.
func usageError(c *cli.Context, err error, _ bool) error {
	const unknown = "flag provided but not defined: -"
	name, ok := strings.CutPrefix(err.Error(), unknown)
	if !ok {
		return usage(err)
	}
	name = strings.TrimPrefix(name, "-")
	dashes := "--"
	if len(name) == 1 {
		dashes = "-"
	}
	flags := slices.Clone(c.App.Flags)
	of := "minipod"
	if c.Command != nil && c.Command.Name != c.App.Name {
		flags = append(flags, c.Command.Flags...)
		of = c.Command.HelpName
	}
	text := fmt.Sprintf("unknown flag %s%s", dashes, name)
	see := fmt.Sprintf("`%s --help` lists the flags", of)
	if near := cli.SuggestFlag(flags, name, true); near != "" && len(name) > 1 {
		return usage(fmt.Errorf("%s\nDid you mean %q? %s", text, near, see))
	}
	return usage(fmt.Errorf("%s; %s", text, see))
}
