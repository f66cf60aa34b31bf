package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 5, time.UTC)

func mustOpenLog(t *testing.T, path string, limits LogLimits) *LogWriter {
	t.Helper()
	w, err := OpenLog(path, limits)
	must(t, err)
	return w
}

func write(t *testing.T, w *LogWriter, stream Stream, text string, end bool) int {
	t.Helper()
	n, err := w.Write(stream, []byte(text), noon, end)
	must(t, err)
	return n
}

func TestLogFormat(t *testing.T) {
	path := LogPath(t.TempDir()+"/web", 0)
	w := mustOpenLog(t, path, LogLimits{})
	long := strings.Repeat("x", maxLine)
	for _, c := range []struct {
		stream Stream
		text   string
		end    bool
		taken  int
	}{
		{Stdout, "one\n\ntwo", false, 5},
		{Stderr, "two", true, 3},
		{Stdout, long + "\n", false, maxLine + 1},
		{Stdout, long + "yz", false, maxLine},
		{Stdout, "yz\n", false, 3},
		{Stdout, "", true, 0},
	} {
		if n := write(t, w, c.stream, c.text, c.end); n != c.taken {
			t.Errorf("%.10q: took %d bytes, want %d", c.text, n, c.taken)
		}
	}
	must(t, w.Close())
	got, err := os.ReadFile(path)
	must(t, err)
	at := "2026-05-01T12:00:00.000000005Z "
	want := at + "stdout F one\n" + at + "stdout F \n" + at + "stderr P two\n" +
		at + "stdout F " + long + "\n" + at + "stdout P " + long + "\n" + at + "stdout F yz\n"
	if string(got) != want {
		t.Errorf("got\n%.300s\nwant\n%.300s", got, want)
	}
	if _, err := w.Write(Stdout, []byte("late\n"), noon, false); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestLogMendsATornRecord(t *testing.T) {
	path := LogPath(t.TempDir(), 3)
	w := mustOpenLog(t, path, LogLimits{})
	write(t, w, Stdout, "whole\n", false)
	must(t, w.Close())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString("2026-05-01T12:00:00Z stdout F to" + strings.Repeat("o", 40000))
	must(t, err, f.Close())
	w = mustOpenLog(t, path, LogLimits{})
	write(t, w, Stdout, "next\n", false)
	must(t, w.Close())
	if got := readAll(t, filepath.Dir(path), LogOptions{}); got != "whole|next|" {
		t.Errorf("got %q", got)
	}
}

// readAll reads the lines with | for each newline.
func readAll(t *testing.T, dir string, o LogOptions) string {
	t.Helper()
	var b strings.Builder
	must(t, ReadLogs(testContext(t), dir, o, func(l Line) error {
		b.Write(l.Text)
		if !l.Partial {
			b.WriteByte('|')
		}
		return nil
	}))
	return b.String()
}

func TestReadLogsOptions(t *testing.T) {
	dir := t.TempDir() + "/web"
	if err := ReadLogs(t.Context(), dir, LogOptions{}, nil); !errors.Is(err, ErrNoLog) {
		t.Errorf("no log: %v", err)
	}
	for i := range int32(3) {
		w := mustOpenLog(t, LogPath(dir, i), LogLimits{})
		write(t, w, Stdout, fmt.Sprintf("a%d\nb%d\n", i, i), false)
		_, err := w.Write(Stderr, []byte("c\nd"), noon.Add(time.Hour), true)
		must(t, err, w.Close())
	}
	for want, o := range map[string]LogOptions{
		"a2|b2|c|d": {},
		"a1|b1|c|d": {Previous: true, Follow: true},
		"c|d":       {Tail: ptr.To[int64](2)},
		"":          {Tail: ptr.To[int64](0)},
		"d":         {Tail: ptr.To[int64](1), Since: noon.Add(time.Hour)},
		"b1|c|d":    {Tail: ptr.To[int64](3), Previous: true},
	} {
		if got := readAll(t, dir, o); got != want {
			t.Errorf("%+v: %q, want %q", o, got, want)
		}
	}
	if got := readAll(t, dir, LogOptions{Tail: ptr.To[int64](1000)}); got != "a2|b2|c|d" {
		t.Errorf("a tail longer than the log: %q", got)
	}
	must(t, PruneLogs(dir, 2))
	if all, err := LogInstances(dir); err != nil || !slices.Equal(all, []int32{1, 2}) {
		t.Errorf("instances left: %v %v", all, err)
	}
	stop := errors.New("stop")
	if err := ReadLogs(t.Context(), dir, LogOptions{}, func(Line) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error of out: %v", err)
	}
}

func TestRotationKeepsTheNewest(t *testing.T) {
	dir := t.TempDir()
	path := LogPath(dir, 0)
	w := mustOpenLog(t, path, LogLimits{MaxBytes: 1000, Files: 5})
	for i := range 1000 {
		write(t, w, Stdout, fmt.Sprintf("line %04d\n", i), false)
	}
	must(t, w.Close())
	old, err := rotated(path)
	must(t, err)
	if len(old) != 4 {
		t.Fatalf("%d rotated files: %v", len(old), old)
	}
	for i, r := range old {
		if zipped := strings.HasSuffix(r.path, gzSuffix); zipped != (i < 3) {
			t.Errorf("%s: all but the newest are compressed", r.path)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Errorf("the directory holds %v (%v)", entries, err)
	}
	got := strings.Split(strings.TrimSuffix(readAll(t, dir, LogOptions{}), "|"), "|")
	if first := 1000 - len(got); len(got) < 60 || got[0] != fmt.Sprintf("line %04d", first) || got[len(got)-1] != "line 0999" {
		t.Errorf("%d lines from %s to %s", len(got), got[0], got[len(got)-1])
	}
	if got := readAll(t, dir, LogOptions{Tail: ptr.To[int64](50)}); !strings.HasPrefix(got, "line 0950|") {
		t.Errorf("a tail over several files: %.30s", got)
	}
}

// Followers that start at any time see every line once and in order, across
// rotations and restarts, as long as no file is removed before they got to it.
func TestFollowAcrossRotationAndRestart(t *testing.T) {
	const lines, restarts = 4000, 3
	dir := t.TempDir()
	path := LogPath(dir, 0)
	w := mustOpenLog(t, path, LogLimits{MaxBytes: 4000, Files: 1000})
	done := make(chan struct{})
	type result struct {
		got []string
		err error
	}
	results := make(chan result)
	started := make(chan struct{})
	for range 3 {
		go func() {
			var r result
			r.err = ReadLogs(testContext(t), dir, LogOptions{Follow: true, Done: done}, func(l Line) error {
				if len(r.got) == 0 {
					started <- struct{}{}
				}
				r.got = append(r.got, string(l.Text))
				return nil
			})
			results <- r
		}()
	}
	for instance := range int32(restarts) {
		for i := range lines {
			write(t, w, Stdout, fmt.Sprintf("%d %05d\n", instance, i), false)
			if instance == 0 && i == 10 {
				for range 3 {
					<-started
				}
			}
		}
		must(t, w.Close())
		if instance < restarts-1 {
			w = mustOpenLog(t, LogPath(dir, instance+1), LogLimits{MaxBytes: 4000, Files: 1000})
		}
	}
	close(done)
	for range 3 {
		r := <-results
		must(t, r.err)
		if len(r.got) != lines*restarts || !slices.IsSorted(r.got) {
			t.Errorf("%d lines, sorted %v, want %d", len(r.got), slices.IsSorted(r.got), lines*restarts)
		}
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	w := mustOpenLog(t, LogPath(dir, 0), LogLimits{})
	write(t, w, Stdout, "x\n", false)
	ctx, cancel := context.WithCancel(t.Context())
	err := ReadLogs(ctx, dir, LogOptions{Follow: true}, func(Line) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	must(t, w.Close())
}

// Whatever the pieces in which bytes come, the log gives back the same bytes.
func TestLogGivesBackWhatCame(t *testing.T) {
	dir := t.TempDir()
	n := int32(0)
	rapid.Check(t, func(t *rapid.T) {
		n++
		w, err := OpenLog(LogPath(dir, n), LogLimits{MaxBytes: 20000, Files: 100})
		if err != nil {
			t.Fatal(err)
		}
		var came, pending, back []byte
		for range rapid.IntRange(1, 6).Draw(t, "pieces") {
			text := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\n\n")), 0, 10).Draw(t, "text")
			text = bytes.Repeat(text, rapid.SampledFrom([]int{1, 3, 4000}).Draw(t, "times"))
			came = append(came, text...)
			pending = append(pending, text...)
			for taken := 1; taken > 0; pending = pending[taken:] {
				if taken, err = w.Write(Stdout, pending, noon, false); err != nil {
					t.Fatal(err)
				}
			}
		}
		if taken, err := w.Write(Stdout, pending, noon, true); err != nil || taken != len(pending) {
			t.Fatal(taken, err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		err = ReadLogs(context.Background(), dir, LogOptions{}, func(l Line) error {
			back = append(back, l.Text...)
			if !l.Partial {
				back = append(back, '\n')
			}
			return nil
		})
		if err != nil || !bytes.Equal(back, came) {
			t.Fatalf("%d bytes came, %d came back (%v)", len(came), len(back), err)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte("2026-05-01T12:00:00.5Z stdout F text"))
	f.Add([]byte("2026-05-01T12:00:00+02:00 stderr P:x "))
	f.Fuzz(func(t *testing.T, record []byte) {
		l, err := parseLine(record)
		if err == nil && (l.Stream != Stdout && l.Stream != Stderr || !bytes.HasSuffix(record, l.Text)) {
			t.Errorf("%q: %+v", record, l)
		}
	})
}

func BenchmarkLogWrite(b *testing.B) {
	w, err := OpenLog(LogPath(b.TempDir(), 0), LogLimits{})
	if err != nil {
		b.Fatal(err)
	}
	chunk := bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), 600)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := w.Write(Stdout, chunk, noon, false); err != nil || n != len(chunk) {
			b.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
