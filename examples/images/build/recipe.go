package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// generation is part of every recipe's hash: raise it when this program's
// change must make all images anew.
const generation = "1"

type recipe struct {
	name, dir string

	Names  []string  `json:"names"`
	Debian string    `json:"debian"`
	From   string    `json:"from"`
	Config v1.Config `json:"config"`
}

type recipes map[string]*recipe

func readRecipes(dir string) (recipes, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "image.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no */image.json in %s", dir)
	}
	all := recipes{}
	for _, f := range files {
		r := &recipe{dir: filepath.Dir(f), name: filepath.Base(filepath.Dir(f))}
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.DisallowUnknownFields()
		if err := d.Decode(r); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		all[r.name] = r
	}
	return all, nil
}

// order lists the named recipes, all if there are no names, each after its base.
func (all recipes) order(names []string) (list []*recipe, err error) {
	if len(names) == 0 {
		for name := range all {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	for _, name := range names {
		if list, err = all.add(list, name, nil); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (all recipes) add(list []*recipe, name string, above []string) ([]*recipe, error) {
	r, ok := all[name]
	if !ok {
		return nil, fmt.Errorf("no recipe is called %q", name)
	}
	if slices.Contains(above, name) {
		return nil, fmt.Errorf("recipe %s is its own base", name)
	}
	if r.From != "" {
		var err error
		if list, err = all.add(list, r.From, append(above, name)); err != nil {
			return nil, err
		}
	}
	if slices.Contains(list, r) {
		return list, nil
	}
	return append(list, r), nil
}

// fullNames spells the names as an archive holds them, so that no reader
// has to guess the registry.
func (r *recipe) fullNames() (names []string) {
	for _, n := range r.Names {
		if !strings.Contains(n, "/") {
			n = "library/" + n
		}
		names = append(names, "docker.io/"+n)
	}
	return names
}

// hash changes with the recipe's files, their modes, and its base.
func (all recipes) hash(r *recipe) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, generation)
	if r.From != "" {
		base, err := all.hash(all[r.From])
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, base)
	}
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		info, ierr := d.Info()
		if err := errors.Join(err, ierr); err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %o %x\n", strings.TrimPrefix(path, r.dir), info.Mode()&0o111, sha256.Sum256(b))
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
