package manifest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadTakesFilesDirectoriesAndStdin(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.json", "c.yml", "d.txt", "sub/e.yaml", "f.yaml/g.yaml"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sources, err := Read([]string{"-", dir, filepath.Join(dir, "d.txt")}, strings.NewReader("in"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range sources {
		got = append(got, strings.TrimPrefix(s.Name, dir+"/")+"="+string(s.Data))
	}
	if want := "-=in a.json=a.json b.yaml=b.yaml c.yml=c.yml d.txt=d.txt"; strings.Join(got, " ") != want {
		t.Errorf("read %s, wanted %s", got, want)
	}
}

func TestReadErrors(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args  []string
		stdin string
		want  string
	}{
		{[]string{"-", "-"}, "", `standard input ("-") named twice`},
		{[]string{dir + "/none.yaml"}, "", "manifest " + dir + "/none.yaml: no such file or directory"},
		{[]string{dir}, "", "directory " + dir + ": no file *.yaml, *.yml or *.json in it"},
		{[]string{"-"}, string(bytes.Repeat([]byte(" "), maxSourceBytes+1)), "manifest -: larger than 16 MiB"},
	} {
		_, err := Read(c.args, strings.NewReader(c.stdin))
		if err == nil || err.Error() != c.want {
			t.Errorf("%v: error %v, wanted %s", c.args, err, c.want)
		}
	}
}
