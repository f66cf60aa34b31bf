package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/testimage"
)

// TestScripts runs testdata/script/*.txtar, each against a minipod with roots
// and a busybox image of its own, and demands the host back as it was. One
// after the other: what a script leaves behind is told by the processes that
// descend from this one.
//
// Beside testscript's own commands a script has these; none waits for a time:
//
//	image NAME…              load archives of the example images, or skip
//	exits CODE PROGRAM ARG…  run in the foreground; stdout and stderr as after exec
//	start NAME ARG…          run minipod in the background, output in NAME.out and NAME.err
//	says NAME REGEXP         wait until it has said that, on either stream
//	signal NAME INT|TERM|KILL
//	ends NAME CODE           wait for its end; -9 for a death by SIGKILL
//	stdout_of NAME REGEXP    like stdout, of an ended job
//	await POD CONDITION…     wait until the published pod is so (see conditionOf)
//	awaitlog POD CONTAINER REGEXP
//	                         wait until a line of the container's log matches
//	logfiles POD CONTAINER NAME…
//	                         these are the container's log files
//	orders FILE A B          A stands in FILE before B
//	hostline FILE FILE       the first is a line of output in the second
func TestScripts(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay, ability.Busybox)
	scripts, err := filepath.Glob("../testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	archive, rootfs := testimage.Busybox(t, "docker.io/library/busybox:latest"), testimage.Rootfs(t)
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			runScript(t, newLab(t, archive), script, rootfs)
		})
	}
}

func runScript(t *testing.T, l *lab, script, rootfs string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := &scriptRun{t: t, lab: l, ctx: ctx, jobs: map[string]*job{}}
	defer s.cleanUp()
	testscript.RunT(alone{t}, testscript.Params{
		Files: []string{script}, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, l.env()...)
			e.Setenv("EXAMPLES", l.examples)
			e.Setenv("ROOTFS", rootfs)
			return expandManifests(e)
		},
		Cmds: s.commands(),
	})
}

// expandManifests puts the script's folder where a manifest says $WORK.
func expandManifests(e *testscript.Env) error {
	list, err := filepath.Glob(filepath.Join(e.WorkDir, "*.yaml"))
	for _, path := range list {
		text, rerr := os.ReadFile(path)
		werr := os.WriteFile(path, bytes.ReplaceAll(text, []byte("$WORK"), []byte(e.WorkDir)), 0o600)
		err = errors.Join(err, rerr, werr)
	}
	return err
}

// alone runs testscript's one subtest in the test at hand, not beside others.
type alone struct{ *testing.T }

func (a alone) Run(_ string, f func(testscript.T)) { f(a) }
func (a alone) Parallel()                          {}
func (a alone) Verbose() bool                      { return testing.Verbose() }
