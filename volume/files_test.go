package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	v1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func filesStep(pin string, files ...File) *Files {
	return &Files{Pin: pin, Name: "conf", From: "configMap c", Count: len(files), Contents: files}
}

// layout lists a volume: links with their targets, files with their modes.
// The name of the data directory is shown as TIME.
func layout(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.Readlink(dir + "/..data")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(data, "..20") {
		t.Errorf("data directory %q", data)
	}
	var lines []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		line := path
		if e.Type() == fs.ModeSymlink {
			to, err := os.Readlink(filepath.Join(dir, path))
			if err != nil {
				return err
			}
			line += " -> " + to
		} else {
			line += fmt.Sprintf(" %o", mode(t, filepath.Join(dir, path)))
		}
		lines = append(lines, strings.ReplaceAll(line, data, "TIME"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func TestFilesLayout(t *testing.T) {
	pin := newPod(t)
	step := filesStep(pin,
		File{Path: "a/b/deep", Mode: 0o400, Data: []byte("deep")},
		File{Path: "a/c", Mode: 0o666, Data: []byte("c")},
		File{Path: "top", Mode: 0o644, Data: []byte("top")})
	step.MountPoints = []string{"nested/other"}
	do(t, step)
	m := Mount{Volume: "conf", Tree: "/vol/conf", Target: "/etc/conf", ReadOnly: true}
	dir := mustOpen(t, pin, m)
	want := `. 777
..data -> TIME
TIME 755
TIME/a 755
TIME/a/b 755
TIME/a/b/deep 400
TIME/a/c 666
TIME/top 644
a -> ..data/a
nested 755
nested/other 755
top -> ..data/top`
	if got := sorted(layout(t, dir)); got != sorted(want) {
		t.Errorf("layout:\n%s\nwant:\n%s", got, want)
	}
	if got := read(t, dir+"/a/b/deep"); got != "deep" {
		t.Errorf("content %q", got)
	}
	m.SubPath = "a/b/deep"
	if got := read(t, mustOpen(t, pin, m)); got != "deep" {
		t.Errorf("by subPath %q", got)
	}
}

func sorted(lines string) string {
	l := strings.Split(lines, "\n")
	slices.Sort(l)
	return strings.Join(l, "\n")
}

func TestFilesUpdate(t *testing.T) {
	pin := newPod(t)
	step := filesStep(pin, File{Path: "keep", Mode: 0o644, Data: []byte("old")}, File{Path: "drop", Mode: 0o644})
	do(t, step)
	whole := mustOpen(t, pin, Mount{Volume: "conf", Tree: "/vol/conf", Target: "/c", ReadOnly: true})
	sub := mustOpen(t, pin, Mount{Volume: "conf", Tree: "/vol/conf", SubPath: "keep", Target: "/c/keep"})
	before, _ := os.Readlink(whole + "/..data")

	update := func(files ...File) string {
		step.Contents, step.Count = files, len(files)
		if err := step.Update(context.Background()); err != nil {
			t.Fatal(err)
		}
		data, _ := os.Readlink(whole + "/..data")
		return data
	}
	// An update that was killed leaves this link.
	inPod(t, pin, func() error { return os.Symlink("..gone", "/vol/conf/..data_tmp") })
	after := update(File{Path: "keep", Mode: 0o644, Data: []byte("new")}, File{Path: "add", Mode: 0o600})
	want := ". 777\n..data -> TIME\nTIME 755\nTIME/add 600\nTIME/keep 644\nadd -> ..data/add\nkeep -> ..data/keep"
	if got := sorted(layout(t, whole)); got != sorted(want) {
		t.Errorf("layout:\n%s\nwant:\n%s", got, want)
	}
	if after == before || read(t, whole+"/keep") != "new" {
		t.Errorf("not updated: %s", after)
	}
	if got := read(t, sub); got != "old" {
		t.Errorf("subPath mount reads %q, want what it was made with", got)
	}
	if again := update(step.Contents...); again != after {
		t.Error("an update without a change wrote anew")
	}
	if fewer := update(step.Contents[0]); fewer == after || exists(whole+"/add") {
		t.Error("a file that went is still there")
	}
}

func TestFilesFromAJournalCannotBeDone(t *testing.T) {
	step := &Files{Pin: "/nowhere", Name: "conf", Count: 1}
	if err := step.Do(context.Background()); err == nil || !strings.Contains(err.Error(), "journal") {
		t.Errorf("error %v", err)
	}
}

func TestConfigMapFiles(t *testing.T) {
	configMap := &v1.ConfigMap{
		Data:       map[string]string{"b": "text", "a": ""},
		BinaryData: map[string][]byte{"bin": {0, 255}},
	}
	show := func(files []File) string {
		var s []string
		for _, f := range files {
			s = append(s, fmt.Sprintf("%s %o %q", f.Path, f.Mode, f.Data))
		}
		return strings.Join(s, ", ")
	}
	named := v1.LocalObjectReference{Name: "c"}
	for _, c := range []struct {
		source v1.ConfigMapVolumeSource
		from   *v1.ConfigMap
		want   string // files or error
	}{
		{v1.ConfigMapVolumeSource{}, configMap, `a 644 "", b 644 "text", bin 644 "\x00\xff"`},
		{v1.ConfigMapVolumeSource{DefaultMode: ptr.To[int32](0o400)}, configMap, `a 400 "", b 400 "text", bin 400 "\x00\xff"`},
		{v1.ConfigMapVolumeSource{Items: []v1.KeyToPath{
			{Key: "b", Path: "x//y", Mode: ptr.To[int32](0o755)},
			{Key: "bin", Path: "bin"},
		}}, configMap, `bin 644 "\x00\xff", x/y 755 "text"`},
		{
			v1.ConfigMapVolumeSource{LocalObjectReference: named, Items: []v1.KeyToPath{{Key: "z", Path: "z"}}},
			configMap,
			"configmap references non-existent config key: z (ConfigMap c has: a, b, bin)",
		},
		{
			v1.ConfigMapVolumeSource{Optional: ptr.To(true), Items: []v1.KeyToPath{{Key: "z", Path: "z"}, {Key: "b", Path: "b"}}},
			configMap, `b 644 "text"`,
		},
		{v1.ConfigMapVolumeSource{Optional: ptr.To(true)}, nil, ""},
		{v1.ConfigMapVolumeSource{Items: []v1.KeyToPath{{Key: "b", Path: "../b"}}}, configMap, "invalid path: must not start with '..': ../b"},
		{v1.ConfigMapVolumeSource{Items: []v1.KeyToPath{{Key: "b", Path: "a/../../b"}}}, configMap, "invalid path: must not contain '..': a/../../b"},
		{v1.ConfigMapVolumeSource{Items: []v1.KeyToPath{{Key: "b", Path: "/b"}}}, configMap, "invalid path: must be relative path: /b"},
	} {
		files, err := configMapFiles(&c.source, c.from)
		got := show(files)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v:\n%s, want\n%s", c.source, got, c.want)
		}
	}
}

// A reader sees all of the old files or all of the new.
func TestUpdateIsAtomic(t *testing.T) {
	pin := newPod(t)
	version := func(n int) []File {
		text := fmt.Appendf(nil, "%d", n)
		return []File{{Path: "a", Mode: 0o644, Data: text}, {Path: "b", Mode: 0o644, Data: text}}
	}
	step := filesStep(pin, version(0)...)
	do(t, step)
	dir := mustOpen(t, pin, Mount{Volume: "conf", Tree: "/vol/conf", Target: "/c"})
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for n := range 200 {
			step.Contents = version(n)
			if err := step.Update(context.Background()); err != nil {
				failed <- err
				return
			}
		}
	}()
	for {
		select {
		case err := <-failed:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
		if _, err := os.Readlink(dir + "/..data"); err != nil {
			t.Fatal(err)
		}
		data, err := unix.Open(dir+"/..data", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.ENOENT) {
			continue // it was exchanged after the link was read
		}
		if err != nil {
			t.Fatal(err)
		}
		at := fmt.Sprintf("/proc/self/fd/%d/", data)
		a, aerr := os.ReadFile(at + "a")
		b, berr := os.ReadFile(at + "b")
		unix.Close(data)
		if aerr == nil && berr == nil && string(a) != string(b) {
			t.Errorf("read %q and %q", a, b)
		}
	}
}
