package testimage

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/minipod/minipod/internal/ability"
	"github.com/minipod/minipod/internal/ociarchive"
)

// Path is where busybox images look for programs.
const Path = "PATH=/bin"

// Rootfs fills a new temporary folder with a root file system around busybox,
// with a link for each of its programs, and returns it. The folder goes with
// the test.
func Rootfs(t testing.TB) string {
	t.Helper()
	ability.Need(t, ability.Busybox)
	root := skeleton(t)
	busybox, err := exec.LookPath("busybox")
	must(t, err)
	install(t, busybox, filepath.Join(root, "bin/busybox"))
	programs, err := exec.Command(busybox, "--list").Output()
	must(t, err)
	for name := range strings.FieldsSeq(string(programs)) {
		if name != "busybox" {
			must(t, os.Symlink("busybox", filepath.Join(root, "bin", name)))
		}
	}
	return root
}

// Busybox returns an OCI archive of Rootfs under the given names, spelled in
// full (docker.io/library/busybox:latest).
func Busybox(t testing.TB, names ...string) string {
	t.Helper()
	return Archive(t, Rootfs(t), v1.Config{Cmd: []string{"sh"}, Env: []string{Path}}, names...)
}

// Static returns an OCI archive of an image that holds one static program, as
// /bin/ and its own name, which is also the entrypoint.
func Static(t testing.TB, program string, names ...string) string {
	t.Helper()
	root := skeleton(t)
	inside := "/bin/" + filepath.Base(program)
	install(t, program, filepath.Join(root, inside))
	return Archive(t, root, v1.Config{Entrypoint: []string{inside}, Env: []string{Path}}, names...)
}

// Archive returns an OCI archive of one image with the tree under root as its
// only layer. The file goes with the test.
func Archive(t testing.TB, root string, config v1.Config, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	layer, err := ociarchive.Layer(root, filepath.Join(dir, "layer"))
	must(t, err)
	img, err := ociarchive.Image(nil, v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH, Config: config}, layer)
	must(t, err)
	out := filepath.Join(dir, "image.tar")
	must(t, ociarchive.Write(out, ociarchive.Named{Names: names, Image: img}))
	return out
}

// skeleton holds what a container's start needs: mount points and user names.
func skeleton(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	must(t, os.Chmod(root, 0o755))
	for _, dir := range []string{"bin", "dev", "etc", "proc", "root", "sys", "tmp", "var"} {
		must(t, os.Mkdir(filepath.Join(root, dir), 0o755))
	}
	must(t, os.Chmod(filepath.Join(root, "tmp"), os.ModeSticky|0o777))
	files := map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n",
		"etc/group":  "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n",
	}
	for name, text := range files {
		must(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	return root
}

func install(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, err)
	must(t, out.Close())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
