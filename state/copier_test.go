package state

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newFifo makes a FIFO and returns its two ends, as an owner and as a
// container hold them.
func newFifo(t *testing.T) (reader, holder *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdout")
	must(t, unix.Mkfifo(path, 0o666))
	holder, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	reader, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	must(t, err)
	t.Cleanup(func() { must(t, reader.Close()) })
	return reader, holder
}

// copying runs Copy beside the test and returns what it tapped.
func copying(t *testing.T, ctx context.Context, fifo *os.File, w *LogWriter) (lines <-chan string, ended <-chan error) {
	t.Helper()
	tapped, result := make(chan string, 1000), make(chan error, 1)
	go func() {
		result <- Copy(ctx, fifo, Stdout, w, func(l Line) {
			text := string(l.Text)
			if !l.Partial {
				text += "|"
			}
			tapped <- text
		})
		close(tapped)
	}()
	return tapped, result
}

func say(t *testing.T, f *os.File, text string) {
	t.Helper()
	_, err := f.WriteString(text)
	must(t, err)
}

func TestCopyToTheEnd(t *testing.T) {
	dir := t.TempDir()
	w := mustOpenLog(t, LogPath(dir, 0), LogLimits{})
	reader, holder := newFifo(t)
	lines, ended := copying(t, testContext(t), reader, w)
	say(t, holder, "one\ntwo")
	if l := <-lines; l != "one|" {
		t.Errorf("first line %q", l)
	}
	say(t, holder, "-and-a-half\n"+strings.Repeat("x", maxLine)+"y")
	for _, want := range []string{"two-and-a-half|", strings.Repeat("x", maxLine)} {
		if l := <-lines; l != want {
			t.Errorf("line %.20q, want %.20q", l, want)
		}
	}
	// A prompt: nobody waits for its newline for ever.
	if l := <-lines; l != "y" {
		t.Errorf("stalled line %q", l)
	}
	say(t, holder, "end")
	must(t, holder.Close())
	must(t, <-ended)
	if l := <-lines; l != "end" {
		t.Errorf("unfinished line %q", l)
	}
	want := "one|two-and-a-half|" + strings.Repeat("x", maxLine) + "yend"
	if got := readAll(t, dir, LogOptions{}); got != want {
		t.Errorf("log %.60q", got)
	}
	must(t, w.Close())
}

// One who adopts a pod may find a container that has ended meanwhile.
func TestCopyWithoutAWriter(t *testing.T) {
	w := mustOpenLog(t, LogPath(t.TempDir(), 0), LogLimits{})
	reader, holder := newFifo(t)
	must(t, holder.Close())
	must(t, Copy(testContext(t), reader, Stdout, w, nil), w.Close())
}

// The order tee, log, consume: what could not be logged is still in the FIFO.
func TestWhatIsNotLoggedStaysInTheFifo(t *testing.T) {
	dir := t.TempDir()
	reader, holder := newFifo(t)
	say(t, holder, "precious\n")
	w := mustOpenLog(t, LogPath(dir, 0), LogLimits{})
	must(t, w.file.Close()) // the disk's part: every write fails
	if err := Copy(testContext(t), reader, Stdout, w, nil); !errors.Is(err, os.ErrClosed) {
		t.Fatalf("broken log: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	w = mustOpenLog(t, LogPath(dir, 0), LogLimits{})
	say(t, holder, "unfinished")
	if err := Copy(canceled, reader, Stdout, w, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("canceled: %v", err)
	}
	must(t, holder.Close(), Copy(testContext(t), reader, Stdout, w, nil), w.Close())
	if got := readAll(t, dir, LogOptions{}); got != "precious|unfinished" {
		t.Errorf("log %q", got)
	}
}

// A full disk costs no line: the container waits, and goes on when there is
// room again.
func TestCopyOnAFullDisk(t *testing.T) {
	mnt := t.TempDir()
	if err := unix.Mount("full", mnt, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	defer func() { must(t, unix.Unmount(mnt, unix.MNT_DETACH)) }()
	ballast := filepath.Join(mnt, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 240<<10), 0o600))
	w := mustOpenLog(t, LogPath(mnt+"/log", 0), LogLimits{})
	reader, holder := newFifo(t)
	for i := range 500 {
		say(t, holder, fmt.Sprintf("%05d %060d\n", i, 0))
	}
	if err := Copy(testContext(t), reader, Stdout, w, nil); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("full disk: %v", err)
	}
	must(t, os.Remove(ballast), holder.Close())
	must(t, Copy(testContext(t), reader, Stdout, w, nil), w.Close())
	if got := readAll(t, mnt+"/log", LogOptions{}); strings.Count(got, "|") != 500 || !strings.HasPrefix(got, "00000") {
		t.Errorf("%d lines, from %.20q", strings.Count(got, "|"), got)
	}
}

// Pieces that fill the slots of a pipe before they make a line must not block
// their writer: packets take a slot each, however small.
func TestCopyOfManySmallPackets(t *testing.T) {
	dir := t.TempDir()
	w := mustOpenLog(t, LogPath(dir, 0), LogLimits{})
	reader, holder := newFifo(t)
	raw, err := holder.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { _, err = unix.FcntlInt(fd, unix.F_SETFL, unix.O_RDWR|unix.O_DIRECT) }), err)
	_, ended := copying(t, testContext(t), reader, w)
	for range 40 {
		say(t, holder, "x")
	}
	must(t, holder.Close(), <-ended, w.Close())
	if got := readAll(t, dir, LogOptions{}); got != strings.Repeat("x", 40) {
		t.Errorf("log %q", got)
	}
}

func init() {
	// Copies the FIFO on descriptor 3 until it ends or is killed.
	children["copier"] = func() error {
		w, err := OpenLog(os.Getenv("STATE_TEST_LOG"), LogLimits{MaxBytes: 1 << 20, Files: 100})
		if err != nil {
			return err
		}
		fifo, err := os.OpenFile(os.Getenv("STATE_TEST_FIFO"), os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		return errors.Join(Copy(context.Background(), fifo, Stdout, w, nil), w.Close())
	}
}

// Copiers are killed at random instants while numbered lines are written: none
// is lost, and what is there twice is there in whole batches.
func TestKilledCopiersLoseNoLine(t *testing.T) {
	const kills = 50
	dir := t.TempDir()
	reader, holder := newFifo(t)
	path := LogPath(dir+"/log", 0)
	start := func() *exec.Cmd {
		cmd, _, _ := child(t, "copier", "STATE_TEST_LOG="+path, "STATE_TEST_FIFO="+reader.Name())
		return cmd
	}
	written := make(chan int)
	stop := make(chan struct{})
	go func() {
		n := 0
		out := bufio.NewWriterSize(holder, 300)
		for {
			select {
			case <-stop:
				_ = out.Flush()
				_ = holder.Close()
				written <- n
				return
			default:
			}
			_, _ = fmt.Fprintf(out, "%09d\n", n)
			n++
		}
	}()
	for range kills {
		cmd := start()
		awaitGrowth(t, path, 1+rand.IntN(10))
		must(t, cmd.Process.Kill())
		if err := cmd.Wait(); err == nil {
			t.Fatal("the copier ended before it was killed")
		}
	}
	last := start()
	close(stop)
	n := <-written
	must(t, last.Wait())
	seen, twice, torn := countNumbers(t, dir+"/log", n)
	t.Logf("%d lines, %d kills: %d logged twice", n, kills, twice)
	if seen != n || torn > 0 {
		t.Errorf("of %d lines %d are in the log, %d torn", n, seen, torn)
	}
}

// awaitGrowth waits until somebody has written to the log a few times.
func awaitGrowth(t *testing.T, path string, times int) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	b, err := inotify.watch(filepath.Dir(path), unix.IN_MODIFY)
	must(t, err)
	defer inotify.drop(b)
	for range times {
		select {
		case <-b.C:
		case <-testContext(t).Done():
			t.Fatal("the copier writes nothing")
		}
	}
}

func countNumbers(t *testing.T, dir string, n int) (seen, twice, torn int) {
	t.Helper()
	counts := make([]int, n)
	must(t, ReadLogs(testContext(t), dir, LogOptions{}, func(l Line) error {
		i, err := strconv.Atoi(string(l.Text))
		whole := err == nil && len(l.Text) == 9 && !l.Partial && i < n
		if whole {
			counts[i]++
		} else {
			torn++
		}
		return nil
	}))
	for _, c := range counts {
		seen += min(c, 1)
		twice += max(c-1, 0)
	}
	return seen, twice, torn
}

func BenchmarkCopy(b *testing.B) {
	dir := b.TempDir()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	fifo := filepath.Join(dir, "stdout")
	must(unix.Mkfifo(fifo, 0o666))
	holder, err := os.OpenFile(fifo, os.O_RDWR, 0)
	must(err)
	reader, err := os.OpenFile(fifo, os.O_RDONLY|unix.O_NONBLOCK, 0)
	must(err)
	w, err := OpenLog(LogPath(dir, 0), LogLimits{})
	must(err)
	ended := make(chan error)
	go func() { ended <- Copy(b.Context(), reader, Stdout, w, nil) }()
	chunk := slices.Repeat([]byte(strings.Repeat("x", 99)+"\n"), 40)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := holder.Write(chunk)
		must(err)
	}
	must(holder.Close())
	must(<-ended)
	must(w.Close())
}
