package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	name := flag.String("name", "", "leave the counts in build/results/NAME")
	machine := flag.String("machine", thisMachine(), "kind of machine in the list of expected skips")
	skips := flag.String("skips", "testdata/skips", "list of expected skips")
	flag.Parse()
	ok, err := run(*name, *machine, *skips, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run returns false if the tests are not to be called good.
func run(name, machine, skips string, command []string) (bool, error) {
	expected, err := readExpected(skips, machine)
	if err != nil {
		return false, err
	}
	r := &results{out: os.Stdout, expected: expected}
	if err := feed(r, command); err != nil {
		return false, err
	}
	r.print(machine)
	if name != "" {
		err = save(filepath.Join("build", "results", name), r)
	}
	return r.good(), err
}

func feed(r *results, command []string) error {
	if len(command) == 0 {
		return r.read(os.Stdin)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	rerr := r.read(out)
	if rerr != nil {
		_, _ = io.Copy(io.Discard, out) // let the command end
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.exit, err = exit.ExitCode(), nil
	}
	return errors.Join(rerr, err)
}

func save(path string, r *results) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(r.counts()+"\n"), 0o644)
}
