package volume

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

func parse(t *testing.T, text string) *v1.Pod {
	t.Helper()
	pod := &v1.Pod{}
	if err := yaml.UnmarshalStrict([]byte(text), pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

const everything = `
metadata: {name: p, namespace: default}
spec:
  volumes:
  - {name: html, emptyDir: {}}
  - {name: small, emptyDir: {sizeLimit: 64Mi, medium: Memory}}
  - {name: fuse, emptyDir: {}}
  - {name: conf, configMap: {name: web}}
  - {name: data, hostPath: {path: /srv/data, type: Directory}}
  - {name: unused, hostPath: {path: relative}}
  containers:
  - name: web
    volumeMounts:
    - {name: html, mountPath: /usr/share/html/deep}
    - {name: conf, mountPath: etc/nginx.conf, subPath: nginx.conf}
    - {name: data, mountPath: /usr, readOnly: true, recursiveReadOnly: IfPossible, mountPropagation: HostToContainer}
    - {name: small, mountPath: /}
    - {name: fuse, mountPath: /fuse, mountPropagation: Bidirectional}
`

func webConfig(name string) *v1.ConfigMap {
	if name != "web" {
		return nil
	}
	return &v1.ConfigMap{Data: map[string]string{"nginx.conf": "events {}"}}
}

func TestFromPod(t *testing.T) {
	pod := parse(t, everything)
	vs, err := FromPod(pod, Options{Pin: "/run/mnt", DiskRoot: "/d", HalfOfRAM: 12 << 30, ConfigMap: webConfig})
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, s := range vs.Steps {
		steps = append(steps, s.String())
	}
	want := `volume   html: emptyDir, tmpfs 0777, size 12 GiB
volume   small: emptyDir, tmpfs 0777, size 64 MiB
volume   fuse: emptyDir, tmpfs 0777, size 12 GiB, shared
volume   conf: configMap web, 1 file of 9 B on a tmpfs, read-only
volume   data: hostPath /srv/data (Directory)`
	if got := strings.Join(steps, "\n"); got != want {
		t.Errorf("steps:\n%s\nwant:\n%s", got, want)
	}
	mounts, err := vs.MountsOf(&pod.Spec.Containers[0])
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range mounts {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(b))
	}
	want = `{"Volume":"small","Tree":"/vol/small","Target":"/"}
{"Volume":"data","Host":"/srv/data","Target":"/usr","ReadOnly":true,"RecursiveReadOnly":true,"Propagation":"HostToContainer"}
{"Volume":"fuse","Tree":"/vol/fuse","Target":"/fuse","Propagation":"Bidirectional"}
{"Volume":"conf","Tree":"/vol/conf","SubPath":"nginx.conf","Target":"/etc/nginx.conf","ReadOnly":true}
{"Volume":"html","Tree":"/vol/html","Target":"/usr/share/html/deep"}`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("mounts:\n%s\nwant:\n%s", got, want)
	}
}

func TestFromPodOnDisk(t *testing.T) {
	pod := parse(t, `
spec:
  volumes:
  - {name: a, emptyDir: {sizeLimit: 1Gi}}
  - {name: b, emptyDir: {medium: Memory, sizeLimit: 100Gi}}
  containers:
  - {name: c, volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /b}]}`)
	vs, err := FromPod(pod, Options{DiskRoot: "/d", EmptyDirMedium: Disk, HalfOfRAM: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%v %s", vs.Steps, strings.Join(vs.Warnings, "; "))
	want := "[volume   a: emptyDir, directory /d/a 0777 volume   b: emptyDir, tmpfs 0777, size 2 GiB] " +
		"volume a: sizeLimit 1Gi is not enforced on disk; volume b: sizeLimit 100Gi is more than the pod can have; the size is 2 GiB"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFromPodSaysWhatItCannotDo(t *testing.T) {
	for volume, want := range map[string]string{
		`emptyDir: {medium: HugePages}`:                      `volume v: this version of minipod has no emptyDir of medium "HugePages"; it has "" and "Memory"`,
		`secret: {secretName: s}`:                            "volume v: this version of minipod has no volumes of kind secret; it has emptyDir, configMap and hostPath",
		`configMap: {name: c}`:                               `volume v: configmap "c" not found in namespace ns: give its document too, or set optional: true`,
		`configMap: {name: c, optional: true}`:               "",
		`configMap: {name: web, items: [{key: a, path: a}]}`: "volume v: configmap references non-existent config key: a (ConfigMap web has: nginx.conf)",
		`hostPath: {path: a/b}`:                              `volume v: hostPath "a/b" is not an absolute path`,
	} {
		pod := parse(t, "metadata: {namespace: ns}\nspec: {volumes: [{name: v, "+volume+
			"}], containers: [{name: c, volumeMounts: [{name: v, mountPath: /v}]}]}")
		if _, err := FromPod(pod, Options{ConfigMap: webConfig}); message(err) != want {
			t.Errorf("%s:\n%q, want\n%q", volume, message(err), want)
		}
	}
}

func TestMountsOfSaysWhatItCannotDo(t *testing.T) {
	for mount, want := range map[string]string{
		`name: x, mountPath: /m`:                    `container c: cannot find volume "x" to mount on /m`,
		`name: v, mountPath: /m, subPath: /abs`:     "container c: error SubPath `/abs` must not be an absolute path",
		`name: v, mountPath: /m, subPath: a/../b`:   "container c: unable to provision SubPath `a/../b`: must not contain '..'",
		`name: v, mountPath: /m, subPathExpr: $(A)`: "container c: volume v on /m: this version of minipod has no subPathExpr",
	} {
		pod := parse(t, "spec: {volumes: [{name: v, emptyDir: {}}], containers: [{name: c, volumeMounts: [{"+mount+"}]}, {name: d, volumeMounts: [{name: v, mountPath: /v}]}]}")
		vs, err := FromPod(pod, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vs.MountsOf(&pod.Spec.Containers[0]); message(err) != want {
			t.Errorf("%s:\n%q, want\n%q", mount, message(err), want)
		}
	}
}

func TestNestedMountPoints(t *testing.T) {
	pod := parse(t, `
spec:
  containers:
  - name: c
    volumeMounts:
    - {name: v, mountPath: /a}
    - {name: w, mountPath: /a/b/c}
    - {name: w, mountPath: /ab}
  - name: d
    volumeMounts:
    - {name: v, mountPath: /x}
    - {name: w, mountPath: x/y}`)
	if got := fmt.Sprint(nestedMountPoints(pod, "v")); got != "[b/c y]" {
		t.Errorf("got %s", got)
	}
}

func TestEmptyDirSize(t *testing.T) {
	const mi = 1 << 20
	limited := func(limits ...string) *v1.Pod {
		pod := &v1.Pod{}
		for _, l := range limits {
			c := v1.Container{}
			if l != "" {
				c.Resources.Limits = v1.ResourceList{v1.ResourceMemory: resource.MustParse(l)}
			}
			pod.Spec.Containers = append(pod.Spec.Containers, c)
		}
		return pod
	}
	withInit := limited("10Mi")
	withInit.Spec.InitContainers = limited("20Mi", "40Mi").Spec.Containers
	withInit.Spec.InitContainers[0].RestartPolicy = ptr.To(v1.ContainerRestartPolicyAlways)
	withPod := limited("")
	withPod.Spec.Resources = &v1.ResourceRequirements{Limits: v1.ResourceList{v1.ResourceMemory: resource.MustParse("7Mi")}}
	for name, c := range map[string]struct {
		pod   *v1.Pod
		limit string
		half  int64
		want  int64
	}{
		"nothing bounds it":        {limited(""), "", 0, 0},
		"half of the RAM":          {limited(""), "", 100 * mi, 100 * mi},
		"sizeLimit":                {limited(""), "10Mi", 100 * mi, 10 * mi},
		"sizeLimit above the half": {limited(""), "150Mi", 100 * mi, 150 * mi},
		"sizeLimit above the RAM":  {limited(""), "300Mi", 100 * mi, 200 * mi},
		"sizeLimit 0":              {limited(""), "0", 100 * mi, 100 * mi},
		"memory limits":            {limited("10Mi", "20Mi"), "", 100 * mi, 30 * mi},
		"one without a limit":      {limited("10Mi", ""), "", 100 * mi, 100 * mi},
		"both":                     {limited("10Mi"), "30Mi", 100 * mi, 10 * mi},
		"init beside a sidecar":    {withInit, "", 100 * mi, 60 * mi},
		"limit of the pod":         {withPod, "", 100 * mi, 7 * mi},
	} {
		e := &v1.EmptyDirVolumeSource{}
		if c.limit != "" {
			e.SizeLimit = ptr.To(resource.MustParse(c.limit))
		}
		if got := EmptyDirSize(c.pod, e, c.half); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 64 << 20: "64 MiB", 12563234816: "11.7 GiB", 1 << 62: "4 EiB"} {
		if got := FormatSize(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
