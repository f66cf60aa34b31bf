package manifest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
)

func load(t testing.TB, o Options, texts ...string) *Set {
	t.Helper()
	var sources []Source
	for i, text := range texts {
		sources = append(sources, Source{Name: string(rune('a' + i)), Data: []byte(text)})
	}
	set, err := Load(sources, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func example(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExamplesAreValidAndSayNothing(t *testing.T) {
	set := load(t, Options{}, example(t, "mc1.yaml"), example(t, "mc2.yaml"), example(t, "mc3.yaml"))
	if len(set.Pods) != 3 || len(set.ConfigMaps) != 1 || len(set.Warnings) != 0 {
		t.Fatalf("%d pods, %d ConfigMaps, warnings %v", len(set.Pods), len(set.ConfigMaps), set.Warnings)
	}
	mc1, mc3 := set.Pods[0], set.Pods[2]
	switch {
	case mc1.Kind != "Pod" || mc1.APIVersion != "v1" || mc1.Namespace != "default":
		t.Errorf("identity: %v %v", mc1.TypeMeta, mc1.ObjectMeta)
	case mc1.Spec.RestartPolicy != v1.RestartPolicyAlways || *mc1.Spec.TerminationGracePeriodSeconds != 30:
		t.Errorf("defaults of the pod: %v", mc1.Spec)
	case mc1.Spec.Containers[0].ImagePullPolicy != v1.PullAlways || mc1.Spec.SecurityContext == nil:
		t.Errorf("defaults of the container: %v", mc1.Spec.Containers[0])
	case *mc3.Spec.Volumes[0].ConfigMap.DefaultMode != 0o644:
		t.Errorf("defaults of the volume: %v", mc3.Spec.Volumes[0])
	case !strings.Contains(set.ConfigMaps[0].Data["nginx.conf"], "    server {\n        listen 80;\n\n"):
		t.Errorf("text of the ConfigMap: %q", set.ConfigMaps[0].Data["nginx.conf"])
	}
}

func TestFindingsOfTheSet(t *testing.T) {
	set := load(t, Options{}, example(t, "mc1.yaml"), example(t, "mc3.yaml"))
	for _, c := range []struct {
		object *v1.Pod
		path   string
		want   string
	}{
		{set.Pods[0], "", "a:1: x"},
		{set.Pods[0], "spec.containers[1].args", "a:21: spec.containers[1].args: x"},
		{set.Pods[0], "spec.containers[1].ports[7].name", "a:15: spec.containers[1].ports[7].name: x"},
		{set.Pods[1], "metadata.labels[app]", "b:49: metadata.labels[app]: x"},
		{&v1.Pod{}, "spec", "/: spec: x"},
	} {
		if got := set.Finding(c.object, c.path, "x").String(); got != c.want {
			t.Errorf("%s is at %s, wanted %s", c.path, got, c.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	const text = `{"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"name": "a", "image": "i"}]}, "metadata": {
		"generateName": "job-", "uid": "1-a", "resourceVersion": "4", "creationTimestamp": "2020-01-01T00:00:00Z"},
		"status": {"phase": "Running"}}`
	set := load(t, Options{Namespace: "n"}, text)
	pod := set.Pods[0]
	if pod.Namespace != "n" || !strings.HasPrefix(pod.Name, "job-") || len(pod.Name) != len("job-")+5 || pod.UID != "" {
		t.Errorf("metadata: %v", pod.ObjectMeta)
	}
	if pod.ResourceVersion != "" || !pod.CreationTimestamp.IsZero() || pod.Status.Phase != "" {
		t.Errorf("the server's fields are kept: %v %v", pod.ObjectMeta, pod.Status)
	}
	if len(set.Warnings) != 4 {
		t.Errorf("warnings: %v", set.Warnings)
	}
	other := strings.Replace(text, `"uid": "1-a"`, `"uid": "1-a", "namespace": "m"`, 1)
	_, err := Load([]Source{{Name: "f", Data: []byte(other)}}, Options{Namespace: "n", OneNamespace: true})
	want := "f:2: metadata.namespace: the namespace from the provided object \"m\" does not match the namespace \"n\""
	if err == nil || err.Error() != want {
		t.Errorf("error %v, wanted %s", err, want)
	}
}

func TestSecretsAreMergedAndWarnedOf(t *testing.T) {
	set := load(t, Options{}, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: eA==}\nstringData: {b: z}\n")
	s := set.Secrets[0]
	if string(s.Data["a"]) != "x" || string(s.Data["b"]) != "z" || s.StringData != nil || s.Type != v1.SecretTypeOpaque {
		t.Errorf("secret: %v", s)
	}
	if len(set.Warnings) != 1 {
		t.Errorf("warnings: %v", set.Warnings)
	}
}

func TestFeatureGates(t *testing.T) {
	if err := SetFeatureGates("ContainerRestartRules=true"); err != nil { // its default
		t.Error(err)
	}
	if err := SetFeatureGates("NoSuchGate=true"); err == nil {
		t.Error("an unknown gate is known")
	}
}

// What --dry-run=yaml prints can be run again, and is the same pod.
func TestEncodedPodsLoadAgain(t *testing.T) {
	for _, format := range []string{"yaml", "json"} {
		first := load(t, Options{}, example(t, "mc1.yaml"))
		text, err := Encode(first.Pods[0], format)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Encode(load(t, Options{}, string(text)).Pods[0], format)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, again) {
			t.Errorf("%s changed:\n%s\n%s", format, text, again)
		}
	}
	if _, err := Encode(1, "xml"); err == nil {
		t.Error("xml is a format")
	}
}
