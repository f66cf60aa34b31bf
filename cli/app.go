package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

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
		ExitErrHandler:  func(*cli.Context, error) {},
		OnUsageError:    func(_ *cli.Context, err error, _ bool) error { return usage(err) },
		CommandNotFound: nil,
		Action:          a.noCommand,
		HideVersion:     true,
		Suggest:         true,
	}
}

func (a *app) commands() []*cli.Command {
	commands := []*cli.Command{
		a.runCommand(),
		a.execCommand(),
		a.deleteCommand(),
		a.getCommand(),
		a.psCommand(),
		a.describeCommand(),
		a.logsCommand(),
		a.doctorCommand(),
		a.gcCommand(),
		a.imageCommand(),
		a.validateCommand(),
		a.versionCommand(),
	}
	for _, c := range commands {
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return usage(err) }
	}
	return commands
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

func (a *app) noCommand(c *cli.Context) error {
	if name := c.Args().First(); name != "" {
		return usage(fmt.Errorf("unknown command %q (minipod help lists them)", name))
	}
	return cli.ShowAppHelp(c)
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

var _ io.Writer = (*os.File)(nil)
