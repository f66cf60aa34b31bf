package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/volume"
)

// An image may put symlinks where minipod mounts: nothing may land outside the
// root, on the host or on what minipod itself put there.
func TestImageWithLinksForMountPoints(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	outside := t.TempDir()
	for _, dir := range []string{"dev", "sys", "proc"} {
		for name, target := range map[string]string{
			"root": "/", "tmp": "/tmp", "climbing": "../../../../..", "host": outside, "loop": dir, "dangling": "no/such", "proc": "/proc", "file": "",
		} {
			t.Run(dir+" "+name, func(t *testing.T) {
				layer := filepath.Join(t.TempDir(), "layer")
				must(t, os.MkdirAll(layer, 0o755))
				path := filepath.Join(layer, dir)
				if target == "" {
					must(t, os.WriteFile(path, nil, 0o644))
				} else {
					must(t, os.Symlink(target, path))
				}
				err := p.in(t).refused(shell("true"), onTop(layer))
				wantIn(t, err.Error(), "/"+dir+": the image's /"+dir+" is not a directory")
			})
		}
	}
	wantEmpty(t, outside)
}

func onTop(layer string) change {
	return func(c *sandbox.Container) { c.Root.Layers = append(c.Root.Layers, layer) }
}

func wantEmpty(t testing.TB, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) > 0 {
		t.Errorf("%s holds %v", dir, left)
	}
}

func TestImageWithLinksInEtc(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	outside := t.TempDir()
	hosts := filepath.Join(outside, "hosts")
	must(t, os.WriteFile(hosts, []byte("host's\n"), 0o644))
	for name, tt := range map[string]struct{ path, target, seen string }{
		"etc to tmp":        {"etc", "/tmp", "/tmp/hosts"},
		"etc climbing":      {"etc", "../../../tmp", "/tmp/hosts"},
		"etc on the host":   {"etc", outside, outside + "/hosts"},
		"hosts on the host": {"etc/hosts", hosts, hosts},
		"hosts climbing":    {"etc/hosts", "../../../../.." + hosts, hosts},
		"hosts dangling":    {"etc/hosts", "../run/systemd/resolve/hosts", "/run/systemd/resolve/hosts"},
		"hosts via a chain": {"etc/hosts", "../link/x/hosts", "/far/away/x/hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			layer := filepath.Join(t.TempDir(), "layer")
			must(t, os.MkdirAll(filepath.Join(layer, filepath.Dir(tt.path)), 0o755))
			must(t, os.Symlink(tt.target, filepath.Join(layer, tt.path)))
			must(t, os.Symlink("far/away", filepath.Join(layer, "link")))
			want(t, "hosts", p.in(t).sh("cat "+tt.seen, onTop(layer)), "127.0.0.1 mc1\n")
		})
	}
	b, err := os.ReadFile(hosts)
	must(t, err)
	want(t, "the host's own file", string(b), "host's\n")
	for name, target := range map[string]string{"etc": "", "etc/hosts": "/", "etc/hosts/x": "loop"} {
		layer := filepath.Join(t.TempDir(), "layer")
		path := filepath.Join(layer, strings.TrimSuffix(name, "/x"))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch target {
		case "":
			must(t, os.WriteFile(path, nil, 0o644))
		case "loop":
			must(t, os.Symlink("hosts", path))
		default:
			must(t, os.Symlink(target, path))
		}
		wantIn(t, p.refused(shell("true"), onTop(layer)).Error(), "/etc: ")
	}
}

func hostVolume(dir, target string) volume.Mount {
	return volume.Mount{Volume: "data", Host: dir, Target: target}
}

func withVolumes(mounts ...volume.Mount) change {
	return func(c *sandbox.Container) { c.Mounts = append(c.Mounts, mounts...) }
}

func TestVolumeTargetStaysInTheRoot(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	outside, data := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(data, "mark"), nil, 0o644))
	for link, target := range map[string]string{"host": outside, "up": "../../../..", "tmplink": "tmp", "dangling": "new/deep"} {
		must(t, os.Symlink(target, filepath.Join(l.image, link)))
	}
	for target, seen := range map[string]string{
		"/host":          outside,
		"/host/x":        outside + "/x",
		"/up/y":          "/y",
		"/tmplink/z":     "/tmp/z",
		"/dangling":      "/new/deep",
		"/dangling/more": "/new/deep/more",
		"/../../a/b":     "/a/b",
		"/dev/more":      "/dev/more",
	} {
		out := p.sh("ls "+seen+"; grep -c ' "+seen+" ' /proc/self/mountinfo", withVolumes(hostVolume(data, target)))
		want(t, target, out, "mark\n1\n")
	}
	wantEmpty(t, outside)
}

func TestVolumeTargetIsRefused(t *testing.T) {
	l := newLab(t)
	p := l.pod("u1")
	data := t.TempDir()
	file := filepath.Join(data, "file")
	must(t, os.WriteFile(file, nil, 0o644))
	must(t, os.Symlink("/", filepath.Join(l.image, "self")))
	must(t, os.Symlink("proc", filepath.Join(l.image, "p")))
	must(t, os.Symlink("loop", filepath.Join(l.image, "loop")))
	for name, tt := range map[string]struct{ source, target, want string }{
		"root":                  {data, "/", "cannot be mounted on /"},
		"root by dots":          {data, "/x/../..", "cannot be mounted on /"},
		"root by a link":        {data, "/self", "cannot be mounted on /"},
		"proc":                  {data, "/proc", "cannot be mounted on /proc"},
		"in proc":               {data, "/proc/sys/kernel", "cannot be mounted on /proc"},
		"proc by a link":        {data, "/p", "cannot be mounted on /proc"},
		"in proc by a link":     {data, "/p/x", "cannot be mounted on /proc"},
		"proc by two links":     {data, "/self/p", "cannot be mounted on /proc"},
		"loop":                  {data, "/loop/x", "too many levels"},
		"below a file":          {data, "/etc/passwd/x", "/etc/passwd"},
		"file below a file":     {file, "/etc/passwd/x", "/etc/passwd"},
		"directory on a file":   {data, "/etc/passwd", "/etc/passwd"},
		"file on a directory":   {file, "/tmp", "/tmp is a directory"},
		"in a read-only system": {data, "/sys/new", "/sys/new"},
	} {
		t.Run(name, func(t *testing.T) {
			err := p.in(t).refused(shell("true"), withVolumes(hostVolume(tt.source, tt.target)))
			wantIn(t, err.Error(), `volumes: volume "data" at `+tt.target+": ", tt.want)
		})
	}
}

func TestNestedVolumes(t *testing.T) {
	p := newLab(t).pod("u1")
	var mounts []volume.Mount
	for _, target := range []string{"/a/b/c", "/a", "/a/b"} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "mark"), []byte(target+"\n"), 0o644))
		mounts = append(mounts, hostVolume(dir, target))
	}
	want(t, "marks", p.sh("cat /a/mark /a/b/mark /a/b/c/mark", withVolumes(mounts...)), "/a\n/a/b\n/a/b/c\n")
}
