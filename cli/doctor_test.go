package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minipod/minipod/internal/ability"
)

func TestDoctorFindsWhatIsHere(t *testing.T) {
	ability.Need(t, ability.Root, ability.Overlay)
	d := newDirs(t)
	s := say(t, d, "doctor")
	if s.code != 0 || s.err != "" {
		t.Errorf("exit code %d\n%s%s", s.code, s.out, s.err)
	}
	for _, want := range []string{"ok       root\n", "ok       mnt namespace\n", "ok       overlay in ", "ok       cgroup v2: ", "ok       close_range\n"} {
		if !strings.Contains(s.out, want) {
			t.Errorf("no %q in\n%s", want, s.out)
		}
	}
	if _, err := os.Stat(d.Root); !os.IsNotExist(err) {
		t.Errorf("doctor made directories: %v", err)
	}
}

func TestDoctorSaysWhatIsMissing(t *testing.T) {
	missing := errors.New("gone")
	a, read := captured(t)
	err := a.examine([]check{
		{name: "one", try: func() (string, error) { return "fine", nil }},
		{name: "two", try: func() (string, error) { return "", missing }, lack: "less works", cure: "do this"},
		{name: "three", try: func() (string, error) { return "", missing }, cure: "do that"},
	})
	want := "ok       one: fine\nmissing  two: gone\n         less works; do this\n" +
		"missing  three: gone\n         without it no pod can run; do that\n"
	if got := read(); got != want || err == nil || err.Error() != "1 of the things that `minipod run` needs are missing" {
		t.Errorf("%v\n%s", err, got)
	}
	a, read = captured(t)
	err = a.examine([]check{
		{name: "first", try: func() (string, error) { return "", missing }, cure: "do this", decides: true},
		{name: "never", try: func() (string, error) { panic("tried") }},
	})
	if got := read(); err == nil || strings.Contains(got, "never") {
		t.Errorf("%v\n%s", err, got)
	}
}

// captured is an app whose output is read back by the function.
func captured(t *testing.T) (*app, func() string) {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	must(t, err)
	t.Cleanup(func() { out.Close() })
	return &app{Streams: Streams{Out: out, Err: out}}, func() string {
		b, err := os.ReadFile(out.Name())
		must(t, err)
		return string(b)
	}
}

func TestNearestExistingDirectory(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, path := range []string{dir, dir + "/a/b/c", file} {
		if got := existing(path); got != dir {
			t.Errorf("existing(%s) = %s, want %s", path, got, dir)
		}
	}
}
