package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/sandbox"
)

func (a *app) execCommand() *cli.Command {
	return &cli.Command{
		Name:      "exec",
		Usage:     "run a command in a container",
		ArgsUsage: "POD [-c CONTAINER] [-i] [-t] -- COMMAND [ARG…]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "container", Aliases: []string{"c"}, Usage: "`NAME` of the container; without it the pod's first"},
			&cli.BoolFlag{Name: "stdin", Aliases: []string{"i"}, Usage: "pass standard input on"},
			&cli.BoolFlag{Name: "tty", Aliases: []string{"t"}, Usage: "give the command a terminal"},
		},
		Action: func(c *cli.Context) error {
			args := c.Args().Slice()
			if len(args) > 1 && args[1] == "--" {
				args = append(args[:1], args[2:]...)
			}
			if len(args) < 2 {
				return usage(errors.New("exec needs a pod and a command: minipod exec POD -- COMMAND"))
			}
			h, err := a.host(c)
			if err != nil {
				return unable(err)
			}
			return a.exec(h, c.String("namespace"), args[0], pod.ExecOptions{
				Container: c.String("container"), Argv: args[1:], TTY: c.Bool("tty"),
				Stdout: a.Out, Stderr: a.Err,
			}, c.Bool("stdin"))
		},
	}
}

func (a *app) exec(h *pod.Host, namespace, name string, opt pod.ExecOptions, stdin bool) error {
	opt.Stdin = a.In
	if !stdin {
		null, err := os.Open(os.DevNull)
		if err != nil {
			return unable(err)
		}
		defer null.Close()
		opt.Stdin = null
	}
	x, err := pod.Exec(h, namespace, name, opt)
	if err != nil {
		return execError(name, err)
	}
	if x.Terminal != nil {
		restore, err := a.attachTerminal(x.Terminal, stdin)
		if err != nil {
			return unable(err)
		}
		defer restore()
	}
	code, err := x.Wait()
	if err != nil {
		return unable(err)
	}
	if code != 0 {
		return &exitError{code: code}
	}
	return nil
}

// execError gives the codes that a shell gives: 127 where there is no such
// program, 126 where it cannot be run.
func execError(name string, err error) error {
	code := exitUnable
	switch {
	case errors.Is(err, sandbox.ErrProgramNotFound), errors.Is(err, syscall.ENOENT):
		code = exitNoFile
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOEXEC):
		code = exitNoExec
	}
	return &exitError{code, fmt.Errorf("exec in pod %s: %w", name, err)}
}

// attachTerminal joins the container's terminal with the user's, as raw as
// that is, until restore is called.
func (a *app) attachTerminal(master *os.File, stdin bool) (restore func(), err error) {
	in := int(a.In.Fd())
	undo := func() {}
	if stdin && term.IsTerminal(in) {
		old, err := term.MakeRaw(in)
		if err != nil {
			return nil, err
		}
		undo = func() { _ = term.Restore(in, old) }
	}
	winch := make(chan os.Signal, 1)
	signal.Notify(winch, syscall.SIGWINCH)
	resize := func() {
		if w, h, err := term.GetSize(in); err == nil {
			_ = pod.Resize(master, w, h)
		}
	}
	resize()
	go func() {
		for range winch {
			resize()
		}
	}()
	if stdin {
		go func() { _, _ = io.Copy(master, a.In) }()
	}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		_, _ = io.Copy(a.Out, master) // ends with EIO when the last process is gone
	}()
	return func() {
		<-shown
		signal.Stop(winch)
		close(winch)
		undo()
	}, nil
}
