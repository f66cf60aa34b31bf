package cli

import (
	"os"
	"path/filepath"
	"testing"
)

const wrongManifest = `apiVersion: v1
kind: Pod
metadata:
  name: x
spec:
  nodeSelector: {disk: ssd}
  containers:
  - name: a
    imge: nginx
`

const heedlessManifest = `apiVersion: v1
kind: Pod
metadata:
  name: x
spec:
  nodeSelector: {disk: ssd}
  containers:
  - name: a
    image: nginx
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: m
---
apiVersion: v1
kind: Service
metadata:
  name: s
`

func TestValidate(t *testing.T) {
	d := newDirs(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"wrong.yaml": wrongManifest, "heedless.yaml": heedlessManifest} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	t.Chdir(dir)
	say(t, d, "validate", "wrong.yaml").want(t, "wrong", 1,
		"warning: wrong.yaml:6: spec.nodeSelector: no meaning on one host: there is one node to run on\n"+
			"error: wrong.yaml:8: spec.containers[0].image: Required value\n"+
			"error: wrong.yaml:9: spec.containers[0].imge: unknown field\n       did you mean \"image\"?\n", "")
	say(t, d, "validate", "heedless.yaml").want(t, "heedless", 0,
		"warning: heedless.yaml:6: spec.nodeSelector: no meaning on one host: there is one node to run on\n"+
			"warning: heedless.yaml:17: kind: this version of minipod does nothing with a Service (v1)\n"+
			"configmap/m is valid\npod/x is valid\n", "")
	say(t, d, "validate", "nope.yaml").want(t, "no file", 1, "", "nope.yaml")
	say(t, d, "validate").want(t, "nothing", 2, "", "validate needs a manifest")
	if _, err := os.Stat(d.Root); !os.IsNotExist(err) {
		t.Errorf("validate made directories: %v", err)
	}
}

// TestExamplesAreValid says of each example that run would take it.
func TestExamplesAreValid(t *testing.T) {
	examples, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("examples: %v, %v", examples, err)
	}
	for _, path := range examples {
		if s := say(t, newDirs(t), "validate", path); s.code != 0 {
			t.Errorf("%s: %s%s", path, s.out, s.err)
		}
	}
}
