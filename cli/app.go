package cli

import (
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
)

// Version is set at link time by the Makefile.
var Version = "devel"

// Streams are the files that a command talks through.
type Streams struct{ In, Out, Err *os.File }

// app is what all commands share.
type app struct {
	Streams
	verbose bool
}

// Main runs the command line args, of which the first is the program's name,
// and returns the exit code.
func Main(args []string, s Streams) int {
	a := &app{Streams: s}
	root := a.root()
	args, err := reorder(root, args)
	if err == nil {
		err = root.Run(args)
	}
	return a.report(err)
}

func (a *app) root() *cli.App {
	return &cli.App{
		Name:      "minipod",
		Usage:     "run the pods of Kubernetes manifests on this machine, without a cluster",
		Version:   Version,
		Writer:    a.Out,
		ErrWriter: a.Err,
		Flags:     globalFlags(),
		Before:    a.before,
		Commands:  a.commands(),
		// Errors are printed in one place, and nothing exits but main.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   usageError,
		Action:         a.noCommand,
		// reorder turns --help and --version into commands. The library's
		// own would make "help" a subcommand of everything, and a pod of
		// that name could not be looked at.
		HideHelp:    true,
		HideVersion: true,
	}
}

func (a *app) commands() []*cli.Command {
	groups := []struct {
		title    string
		commands []*cli.Command
	}{
		{"Run and end pods", []*cli.Command{a.runCommand(), a.execCommand(), a.deleteCommand()}},
		{"Look at pods", []*cli.Command{a.getCommand(), a.psCommand(), a.describeCommand(), a.logsCommand()}},
		{"Images", []*cli.Command{a.imageCommand()}},
		{"Set up and clean up", []*cli.Command{
			a.validateCommand(), a.doctorCommand(), a.gcCommand(), a.completionCommand(), a.versionCommand(), a.helpCommand(),
		}},
		{"", []*cli.Command{a.completeCommand()}},
	}
	var all []*cli.Command
	for _, g := range groups {
		for _, c := range g.commands {
			c.Category = g.title
			a.prepare(c)
		}
		all = append(all, g.commands...)
	}
	return all
}

// prepare gives a command, and those below it, what all have in common.
func (a *app) prepare(c *cli.Command) {
	c.HideHelp = true
	c.OnUsageError = usageError
	if c.Action == nil {
		c.Action = a.noCommand
	}
	for _, sub := range c.Subcommands {
		a.prepare(sub)
	}
}

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "root", Value: state.DefaultDirs.Root, EnvVars: []string{"MINIPOD_ROOT"}, Usage: "`DIR` of images and writable layers"},
		&cli.StringFlag{Name: "run-root", Value: state.DefaultDirs.Run, EnvVars: []string{"MINIPOD_RUN_ROOT"}, Usage: "`DIR` of what is gone after a reboot"},
		&cli.StringFlag{Name: "log-root", Value: state.DefaultDirs.Log, EnvVars: []string{"MINIPOD_LOG_ROOT"}, Usage: "`DIR` of the containers' logs"},
		&cli.StringFlag{Name: "namespace", Aliases: []string{"n"}, Value: "default", EnvVars: []string{"MINIPOD_NAMESPACE"}, Usage: "`NAME` of the Kubernetes namespace"},
		&cli.StringFlag{Name: "feature-gates", EnvVars: []string{"MINIPOD_FEATURE_GATES"}, Usage: "Kubernetes' feature gates, as `NAME=true,…`"},
		&cli.BoolFlag{Name: "v", EnvVars: []string{"MINIPOD_V"}, Usage: "say more: the causes of an error, each change of state"},
	}
}

func (a *app) before(c *cli.Context) error {
	a.verbose = c.Bool("v")
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: level})))
	return nil
}

// noCommand is what happens where a command should stand and there is none.
func (a *app) noCommand(c *cli.Context) error {
	commands, path := c.App.Commands, []string{}
	if len(c.Command.Subcommands) > 0 && c.Command.Name != c.App.Name {
		commands, path = c.Command.Subcommands, []string{c.Command.Name}
	}
	if name := c.Args().First(); name != "" {
		return unknownCommand(commands, strings.Join(append(path, name), " "), name)
	}
	return a.help(c.App, path)
}

// errNotRoot is answered by every command that touches the kernel or the state.
var errNotRoot = errors.New("minipod makes namespaces and mounts, which only root may: run it with sudo")

// host opens what pods of this process share.
func (a *app) host(c *cli.Context) (*pod.Host, error) {
	if os.Geteuid() != 0 {
		return nil, errNotRoot
	}
	dirs, err := dirsOf(c)
	if err != nil {
		return nil, err
	}
	store, err := image.Open(dirs.Root + "/images")
	if err != nil {
		return nil, err
	}
	return &pod.Host{Dirs: dirs, Images: store}, nil
}
