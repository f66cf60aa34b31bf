package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// said is what Load has to say about one file: errors and warnings with their
// hints, a line each.
func said(t *testing.T, name, text string) string {
	t.Helper()
	set, err := Load([]Source{{Name: name, Data: []byte(text)}}, Options{})
	var findings, warnings []Finding
	var invalid *Invalid
	switch {
	case errors.As(err, &invalid):
		findings, warnings = invalid.Findings, invalid.Warnings
	case err != nil:
		t.Fatalf("an error that is no *Invalid: %v", err)
	default:
		warnings = set.Warnings
	}
	var b strings.Builder
	write := func(prefix string, all []Finding) {
		for _, f := range all {
			fmt.Fprintf(&b, "%s%s\n", prefix, f)
			if f.Hint != "" {
				fmt.Fprintf(&b, "\t%s\n", f.Hint)
			}
		}
	}
	write("", findings)
	write("warning: ", warnings)
	return b.String()
}

const podHead = `apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
`

// The pod's own lines begin at line 6, after podHead.
func TestWhatIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing": {"", ""},
		"a valid pod": {podHead + `  containers:
  - {name: a, image: debian}
`, ""},
		"only what is set warns": {podHead + `  containers:
  - {name: a, image: debian, resources: {}, stdin: false, livenessProbe: null}
status: {}
`, ""},
		"unknown fields, with the name that was meant": {podHead + `  restartPolcy: Always
  containers:
  - name: a
    Image: debian
    xyz: 1
    image: debian
`, `f:6: spec.restartPolcy: unknown field
	did you mean "restartPolicy"?
f:9: spec.containers[0].Image: unknown field
	did you mean "image"?
f:10: spec.containers[0].xyz: unknown field
`},
		"values of a wrong type, all of them": {podHead + `  hostNetwork: "yes"
  containers:
  - name: a
    image: debian
    env:
    - {name: X, value: 1}
    - {name: YY, value: yes}
    ports: 80
    securityContext: [1]
    volumeMounts: [{name: v, mountPath: /v}]
    workingDir: {}
  volumes:
  - name: v
    emptyDir: {sizeLimit: 1Qx}
  terminationGracePeriodSeconds: 1.5
`, `f:6: spec.hostNetwork: Invalid value: "yes": must be true or false
f:11: spec.containers[0].env[0].value: Invalid value: 1: must be a string
	put the value in quotes
f:12: spec.containers[0].env[1].value: Invalid value: true: must be a string
	put the value in quotes; YAML takes yes, no, on, off, y and n for booleans, too
f:13: spec.containers[0].ports: Invalid value: 80: must be a list
f:14: spec.containers[0].securityContext: Invalid value: a list: must be an object
f:16: spec.containers[0].workingDir: Invalid value: {}: must be a string
f:19: spec.volumes[0].emptyDir.sizeLimit: Invalid value: "1Qx": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
f:20: spec.terminationGracePeriodSeconds: Invalid value: 1.5: must be a whole number of 64 bits
`},
		"the API server's validation": {podHead + `  containers:
  - image: debian
  - name: b
    image: debian
    ports:
    - containerPort: 80
    - containerPort: 800000
    volumeMounts:
    - mountPath: /x
      name: htlm
  volumes:
  - name: html
    emptyDir: {}
`, `f:7: spec.containers[0].name: Required value
f:12: spec.containers[1].ports[1].containerPort: Invalid value: 800000: must be between 1 and 65535, inclusive
f:15: spec.containers[1].volumeMounts[0].name: Not found: "htlm"
	the pod declares these volumes: html
`},
		"a missing part is placed at what is around it": {podHead[:strings.Index(podHead, "spec")], `f:1: spec.containers: Required value
`},
		"the API server's warnings": {podHead + `  nodeSelector:
    kubernetes.io/os: linux
    beta.kubernetes.io/arch: amd64
  containers:
  - name: a
    image: debian
    env:
    - {name: A, value: "1"}
    - {name: A, value: "2"}
`, `warning: f:6: spec.nodeSelector: no meaning on one host: there is one node to run on
warning: f:8: spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead
warning: f:14: spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply
`},
		"fields whose gate is off": {podHead + `  containers:
  - name: a
    image: debian
    tty: true
    livenessProbe:
      exec: {command: [a]}
  hostname: h
  volumes:
  - name: v
    emptyDir: {mode: 0700}
`, `warning: f:9: spec.containers[0].tty: not honoured by this version of minipod: the container has pipes for its output
warning: f:15: spec.volumes[0].emptyDir.mode: dropped: in Kubernetes v1.37 the feature gate of this field is off
`},
		"what cannot be left out is refused": {podHead + `  hostPID: true
  shareProcessNamespace: false
  initContainers: []
  containers:
  - name: a
    image: debian
    env:
    - name: X
      valueFrom: {fieldRef: {fieldPath: metadata.name}}
  volumes:
  - name: v
    downwardAPI: {}
`, `f:6: spec.hostPID: not supported by this version of minipod: the containers would not see the processes of the host
f:14: spec.containers[0].env[0].valueFrom: not supported by this version of minipod: the variable would be missing
f:17: spec.volumes[0].downwardAPI: not supported by this version of minipod: volumes are emptyDir, configMap and hostPath
`},
		"anchors and merged maps": {podHead + `  containers:
  - &base
    name: a
    image: debian
    ports: [{containerPort: 0}]
  - <<: *base
    name: b
`, `f:10: spec.containers[0].ports[0].containerPort: Required value
f:10: spec.containers[1].ports[0].containerPort: Required value
warning: f:10: spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]
`},
		"windows line ends and a byte order mark": {
			"\ufeff" + strings.ReplaceAll(podHead+"  containers: 7\n", "\n", "\r\n"),
			"f:6: spec.containers: Invalid value: 7: must be a list\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(t, "f", c.text); got != c.want {
				t.Errorf("said:\n%s\nwanted:\n%s", got, c.want)
			}
		})
	}
}

func TestAFloodOfFindingsEnds(t *testing.T) {
	got := said(t, "f", strings.Repeat("{}\n", 100_000))
	if lines := strings.Split(got, "\n"); len(lines) > 2*maxFindings+5 || !strings.Contains(got, "f:1002: too many findings") {
		t.Errorf("%d lines, the last: %s", len(lines), lines[len(lines)-2:])
	}
}

func TestWhatIsSaidOfDocuments(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty ones do not count": {"---\n# nothing\n---\n---\n...\n", ""},
		"lines go on from document to document": {"# a\n%YAML 1.1\n---\nkind: Pod\n...\n# c\n--- {kind: X}\n---\n- 1\n--- 5\n", `f:4: apiVersion: Required value
	a document begins with apiVersion and kind, as in: apiVersion: v1, kind: Pod
f:7: apiVersion: Required value
	a document begins with apiVersion and kind, as in: apiVersion: v1, kind: Pod
f:9: not an object but a list
	a document begins with apiVersion and kind
f:10: not an object but a number
	a document begins with apiVersion and kind
`},
		"a marker within a scalar is data only if indented": {`apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  a: |
    x
    ---
    y
---
kind: 5
apiVersion: v1
`, `f:10: kind: Invalid value: a number: must be a string
	a document begins with apiVersion and kind, as in: apiVersion: v1, kind: Pod
`},
		"a tab":             {"a:\n  b: 1\n\tc: 2\n", "f:3: YAML: found a tab character that violates indentation\n\tYAML does not allow tabs in the indentation; use spaces\n"},
		"an open bracket":   {"---\na: 1\nb: [1\nc: 2\n", "f:4: YAML: did not find expected ',' or ']'\n"},
		"wrong indentation": {"---\na: 1\n b: 2\n", "f:3: YAML: mapping values are not allowed in this context\n"},
		"keys given twice, and the rest of the document": {
			podHead + "  restartPolicy: Always\n  containers: 7\n",
			"f:6: spec.restartPolicy: duplicate field\nf:7: spec.containers: Invalid value: 7: must be a list\n",
		},
		"not UTF-8":           {"a: 1\nb: \xff\n", "f:2: not UTF-8\n\tsave the file as UTF-8\n"},
		"UTF-16":              {"\xff\xfea\x00", "f:1: encoded as UTF-16\n\tsave the file as UTF-8\n"},
		"a control character": {"a: 1\n\nb: \x01\n", "f:3: control character in the text\n"},
		"kinds": {`{"kind": "pod", "apiVersion": "v1"}
{"kind": "Pod", "apiVersion": "v2"}
{"kind": "Service", "apiVersion": "v1"}

{"kind": "Own", "apiVersion": "example.org/v1"}`, `f:1: kind: no matches for kind "pod" in version "v1"
	did you mean "Pod"?
f:2: kind: no matches for kind "Pod" in version "v2"
	the kind Pod is of apiVersion v1
warning: f:3: kind: this version of minipod does nothing with a Service (v1)
warning: f:5: kind: this version of minipod does nothing with a Own (example.org/v1)
`},
		"JSON keys given twice, in a list too": {`{"kind": "List", "apiVersion": "v1", "items": [
  {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"},
   "data": {"a": "1",
            "a": "2"}}]}`, "f:3: items[0].data.a: duplicate field\n"},
		"items of a list": {`apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: C
- 5
- kind: List
  apiVersion: v1
`, `f:7: metadata.name: Invalid value: "C": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
f:8: items[1]: not an object but a number
f:9: items[2]: a list within a list
`},
		"broken JSON is judged as YAML": {"{\"a\": 1,\n \"b\" 2}\n", "f:2: YAML: did not find expected ',' or '}'\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(t, "f", c.text); got != c.want {
				t.Errorf("said:\n%s\nwanted:\n%s", got, c.want)
			}
		})
	}
}
