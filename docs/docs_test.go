// Package docs_test keeps the documentation true, as far as a program can: help
// texts, links, and the names of things in the code.
package docs_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/minipod/minipod/cli"
)

var update = flag.Bool("update", false, "write the help texts into cli.md anew")

// pages are the ones that people read, from this folder.
var pages = []string{"../README.md", "../CHANGELOG.md", "../CONTRIBUTING.md", "design.md", "cli.md", "../examples/images/README.md"}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// help is what the program prints.
func help(t *testing.T, args []string) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if code := cli.Main(append([]string{"minipod"}, args...), cli.Streams{In: os.Stdin, Out: out, Err: out}); code != 0 {
		t.Errorf("minipod %s: exit code %d", strings.Join(args, " "), code)
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var helpBlock = regexp.MustCompile("(?s)<!-- minipod (help[a-z ]*) -->\n```\n(.*?)```\n")

func TestHelpTextsAreTheProgramsOwn(t *testing.T) {
	for _, name := range []string{"ROOT", "RUN_ROOT", "LOG_ROOT", "NAMESPACE", "FEATURE_GATES", "V"} {
		t.Setenv("MINIPOD_"+name, "") // registers the restoring
		os.Unsetenv("MINIPOD_" + name)
	}
	page := read(t, "cli.md")
	fresh := helpBlock.ReplaceAllStringFunc(page, func(block string) string {
		command := helpBlock.FindStringSubmatch(block)[1]
		return "<!-- minipod " + command + " -->\n```\n" + help(t, strings.Fields(command)) + "```\n"
	})
	if fresh == page {
		return
	}
	if !*update {
		t.Fatal("cli.md has help texts that the program does not print: go test ./docs -update writes them anew")
	}
	if err := os.WriteFile("cli.md", []byte(fresh), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A command without a word about it is one that nobody finds.
func TestEveryCommandIsOnThePage(t *testing.T) {
	page := read(t, "cli.md")
	for _, line := range strings.Split(help(t, []string{"help"}), "\n") {
		command := regexp.MustCompile(`^  ([a-z]+)(, [a-z]+)?  +\S`).FindStringSubmatch(line)
		if command == nil || command[1] == "help" || command[1] == "ps" {
			continue
		}
		if !strings.Contains(page, "<!-- minipod help "+command[1]+" -->") {
			t.Errorf("cli.md does not explain %s", command[1])
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages {
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// The table of rooms is what the linter's rules are made from.
func TestEveryRoomHasARow(t *testing.T) {
	page := read(t, "design.md")
	rooms, err := filepath.Glob("../*/doc.go")
	if err != nil || len(rooms) == 0 {
		t.Fatalf("rooms %v, %v", rooms, err)
	}
	for _, doc := range rooms {
		room := filepath.Base(filepath.Dir(doc))
		if !strings.Contains(page, "| `"+room+"` |") {
			t.Errorf("design.md has no row for %s", room)
		}
	}
}

var (
	identifier = regexp.MustCompile("`([a-z]+)\\.([A-Z][A-Za-z]*)(?:\\.([A-Z][A-Za-z]*))?`")
	sourceFile = regexp.MustCompile("`((?:[a-z_]+/)+[A-Za-z_0-9.]+\\.(?:go|s|yaml|txtar))`")
)

// A page that names what is not there any more is worse than none.
func TestDesignNamesWhatIsThere(t *testing.T) {
	page := read(t, "design.md")
	for _, m := range identifier.FindAllStringSubmatch(page, -1) {
		files, err := filepath.Glob("../" + m[1] + "/*.go")
		if err != nil || len(files) == 0 {
			continue // a package of somebody else's
		}
		var code strings.Builder
		for _, f := range files {
			code.WriteString(read(t, f))
		}
		for _, name := range m[2:] {
			if name != "" && !regexp.MustCompile(`\b`+name+`\b`).MatchString(code.String()) {
				t.Errorf("design.md speaks of %s; package %s has no %s", m[0], m[1], name)
			}
		}
	}
	for _, m := range sourceFile.FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat("../" + m[1]); err != nil {
			t.Errorf("design.md speaks of a file: %v", err)
		}
	}
}
