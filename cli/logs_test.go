package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// logged puts a pod of two containers on disk, with logs of the CRI: the
// first container has been restarted once, the second has not started.
func logged(t *testing.T) (state.Dirs, *state.Owned) {
	d := newDirs(t)
	p := shown()
	own := publish(t, d, p)
	dir := d.ContainerLogDir(p.Namespace, p.Name, string(p.UID), "web")
	write(t, dir, "0.log", "2026-01-02T11:00:00.1Z stdout F old\n")
	write(t, dir, "1.log", "2026-01-02T11:30:00.5Z stdout F one\n2026-01-02T11:40:00Z stderr P tw\n2026-01-02T11:40:01Z stderr F o\n")
	return d, own
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func TestLogs(t *testing.T) {
	d, own := logged(t)
	t.Cleanup(func() { must(t, own.Release()) })
	const of = "Defaulted container \"web\" out of: web, log\n"
	for _, c := range []struct {
		args     string
		code     int
		out, err string
	}{
		{"logs shown", 0, "one\ntwo\n", of},
		{"logs shown -c web", 0, "one\ntwo\n", ""},
		{"logs pod/shown web", 0, "one\ntwo\n", ""},
		{"logs shown -c web -p", 0, "old\n", ""},
		{"logs shown -c web --tail 1", 0, "two\n", ""},
		{"logs shown -c web --tail=0", 0, "", ""},
		{"logs shown -c web --tail -1", 0, "one\ntwo\n", ""},
		{"logs shown -c web --since-time 2026-01-02T11:35:00Z", 0, "two\n", ""},
		{"logs shown -c web --since 1s", 0, "", ""},
		{"logs shown -c web --timestamps", 0, "2026-01-02T11:30:00.500000000Z one\n2026-01-02T11:40:00.000000000Z two\n", ""},
		{"logs shown -c web --prefix --timestamps --tail 1", 0, "[pod/shown/web] 2026-01-02T11:40:00.000000000Z two\n", ""},
		{"logs shown -c log", 1, "", "error: container \"log\" in pod \"shown\" is waiting to start: ErrImagePull\n"},
		{"logs shown -c log -f", 1, "", "error: container \"log\" in pod \"shown\" is waiting to start: ErrImagePull\n"},
		{"logs shown -c log -p", 1, "", "error: previous terminated container \"log\" in pod \"shown\" not found\n"},
		{"logs shown -c nope", 1, "", "error: container nope is not valid for pod shown; it has: web, log\n"},
		{"logs nope", 1, "", "error: pods \"nope\" not found\n"},
		{"logs", 2, "", "logs of which pod?"},
		{"logs a b c", 2, "", "logs of which pod?"},
		{"logs shown -f -p", 2, "", "only one of --follow and --previous"},
		{"logs shown -c web --all-containers", 2, "", "cannot be given together"},
		{"logs shown --tail -2", 2, "", "--tail takes a number of lines"},
		{"logs shown --since -5m", 2, "", "--since takes how long ago"},
		{"logs shown --since 5m --since-time 2026-01-02T11:35:00Z", 2, "", "only one of --since"},
		{"logs shown --since-time noon", 2, "", "--since-time takes a time like"},
	} {
		say(t, d, strings.Fields(c.args)...).want(t, c.args, c.code, c.out, c.err)
	}
}

// TestLogPrinterKeepsLinesWhole interleaves records of several sources.
func TestLogPrinterKeepsLinesWhole(t *testing.T) {
	p := shown()
	record := func(stream state.Stream, partial bool, text string) state.Line {
		return state.Line{Time: noon, Stream: stream, Partial: partial, Text: []byte(text)}
	}
	var out strings.Builder
	several := &logPrinter{out: &out, options: &logsOptions{prefix: true}, several: true}
	a, b := several.source(p, "a"), several.source(p, "b")
	must(t, a.line(record(state.Stdout, true, "1")))
	must(t, b.line(record(state.Stdout, false, "x")))
	must(t, a.line(record(state.Stderr, false, "e")))
	must(t, a.line(record(state.Stdout, false, "2")))
	must(t, b.line(record(state.Stdout, true, "open")))
	must(t, a.end())
	must(t, b.end())
	must(t, several.flush())
	want := "[pod/shown/b] x\n[pod/shown/a] e\n[pod/shown/a] 12\n[pod/shown/b] open\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// TestFollowEndsWithThePod follows two containers until their pod has gone.
func TestFollowEndsWithThePod(t *testing.T) {
	d, own := logged(t)
	p := shown()
	write(t, d.ContainerLogDir(p.Namespace, p.Name, string(p.UID), "log"), "0.log", "2026-01-02T11:00:00Z stdout F begun\n")
	r, w, err := os.Pipe()
	must(t, err)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(t, err)
	defer null.Close()
	a := &app{Streams: Streams{Out: w, Err: null}}
	ended := make(chan error, 1)
	go func() {
		err := a.logs(context.Background(), d, logsOptions{
			namespace: p.Namespace, pod: p.Name, all: true, prefix: true, read: state.LogOptions{Follow: true},
		})
		w.Close()
		ended <- err
	}()
	var seen strings.Builder
	until := func(text string) {
		t.Helper()
		must(t, r.SetReadDeadline(time.Now().Add(time.Minute)))
		buf := make([]byte, 4096)
		for !strings.Contains(seen.String(), text) {
			n, err := r.Read(buf)
			seen.Write(buf[:n])
			if err != nil {
				t.Fatalf("%v after %q, waiting for %q", err, seen.String(), text)
			}
		}
	}
	until("[pod/shown/web] two\n")
	until("[pod/shown/log] begun\n")
	add(t, d, p, "log", "0.log", "2026-01-02T12:00:00Z stdout F more\n")
	until("[pod/shown/log] more\n")
	add(t, d, p, "web", "1.log", "2026-01-02T12:00:00Z stdout P open\n")
	write(t, d.ContainerLogDir(p.Namespace, p.Name, string(p.UID), "web"), "2.log", "2026-01-02T12:00:00Z stdout F restarted\n")
	until("[pod/shown/web] openrestarted\n")
	must(t, own.Remove())
	must(t, <-ended)
}

func add(t *testing.T, d state.Dirs, p *v1.Pod, container, name, text string) {
	t.Helper()
	path := filepath.Join(d.ContainerLogDir(p.Namespace, p.Name, string(p.UID), container), name)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(text)
	must(t, err)
	must(t, f.Close())
}
