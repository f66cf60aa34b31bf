package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/minipod/minipod/state"
)

// tiny is a pod of one container with a status.
func tiny(namespace, name string, phase v1.PodPhase, c v1.ContainerStatus) *v1.Pod {
	p := podCase{phase: phase, mains: statuses{c}}.pod()
	p.Namespace, p.Name, p.UID = namespace, name, types.UID(namespace+"-"+name)
	p.Labels = map[string]string{"app": name}
	p.CreationTimestamp = metav1.NewTime(time.Now().Add(-20*time.Minute - 30*time.Second).Truncate(time.Second))
	p.Spec.NodeName = "vm"
	return p
}

func somePods(t *testing.T) state.Dirs {
	d := newDirs(t)
	a := publish(t, d, tiny("default", "a", v1.PodRunning, running(true, 0)))
	t.Cleanup(func() { must(t, a.Release()) })
	b := tiny("default", "b", v1.PodSucceeded, ended(0, 0, "Completed"))
	own := publish(t, d, b)
	must(t, own.Finish(b))
	must(t, own.Release())
	c := publish(t, d, tiny("other", "c", v1.PodPending, waiting("ImagePullBackOff")))
	t.Cleanup(func() { must(t, c.Release()) })
	return d
}

func TestGetPods(t *testing.T) {
	d := somePods(t)
	for _, c := range []struct {
		args     string
		code     int
		out, err string
	}{
		{"get pods", 0, "NAME   READY   STATUS      RESTARTS   AGE\na      1/1     Running     0          20m\nb      0/1     Completed   0          20m\n", ""},
		{"ps b", 0, "NAME   READY   STATUS      RESTARTS   AGE\nb      0/1     Completed   0          20m\n", ""},
		{"get po b --no-headers", 0, "b     0/1   Completed   0     20m\n", ""},
		{
			"get pods -A", 0, "NAMESPACE   NAME   READY   STATUS             RESTARTS   AGE\n" +
				"default     a      1/1     Running            0          20m\ndefault     b      0/1     Completed          0          20m\n" +
				"other       c      0/1     ImagePullBackOff   0          20m\n", "",
		},
		{
			"get pods -n other -o wide", 0, "NAME   READY   STATUS             RESTARTS   AGE   IP       NODE   NOMINATED NODE   READINESS GATES\n" +
				"c      0/1     ImagePullBackOff   0          20m   <none>   vm     <none>           <none>\n", "",
		},
		{"get pod/a pod/b -o name", 0, "pod/a\npod/b\n", ""},
		{"get pods -l app=b -o name --show-all", 0, "pod/b\n", ""},
		{"get pods -l app!=b,app -A -o name", 0, "pod/a\npod/c\n", ""},
		{"get pods -l app=zzz", 0, "", "No resources found in default namespace.\n"},
		{"get pods -n empty", 0, "", "No resources found in empty namespace.\n"},
		{"get pods -A -l app=zzz", 0, "", "No resources found\n"},
		{"get pods -n empty -o name", 0, "", ""},
		{"get pod a nope -o name", 1, "pod/a\n", "error: pods \"nope\" not found\n"},
		{"get pod nope", 1, "", "error: pods \"nope\" not found\n"},
		{"get pod ../../etc", 2, "", "minipod has no resource type \"..\""},
		{"get", 2, "", "error: get what? minipod get pods"},
		{"get services", 2, "", "minipod has no resource type \"services\"; it has pods"},
		{"get pods a -A", 2, "", "by name across all namespaces"},
		{"get pods a -l x=y", 2, "", "a name and a selector cannot be given together"},
		{"get pods -l x=y=z", 2, "", "--selector: "},
		{"get pods -o xml", 2, "", "-o xml: minipod prints wide, json, yaml or name"},
		{"get pods -o json -w", 2, "", "--watch prints a table, not -o json"},
	} {
		say(t, d, strings.Fields(c.args)...).want(t, c.args, c.code, c.out, c.err)
	}
}

func TestGetWithoutAnyDirectory(t *testing.T) {
	say(t, newDirs(t), "ps").want(t, "ps", 0, "", "No resources found in default namespace.\n")
}

func TestOrphanIsUnknown(t *testing.T) {
	d := newDirs(t)
	must(t, publish(t, d, tiny("default", "left", v1.PodRunning, running(true, 0))).Release())
	note := "pod left: " + orphanMessage + ": `minipod delete pod left` or `minipod gc` ends and undoes it\n"
	say(t, d, "ps", "--no-headers").want(t, "ps", 0, "left   1/1   Unknown   0     20m\n", note)
	s := say(t, d, "get", "pod", "left", "-o", "json")
	var p v1.Pod
	must(t, json.Unmarshal([]byte(s.out), &p))
	if p.Status.Phase != v1.PodUnknown || p.Status.Reason != orphanReason || s.err != note {
		t.Errorf("status %+v, stderr %q", p.Status, s.err)
	}
	if s := say(t, d, "describe", "pod", "left"); !strings.Contains(s.out, "\nStatus:       Unknown\nReason:       OwnerLost\n") || s.err != note {
		t.Errorf("describe: %s%s", s.out, s.err)
	}
}

// TestObjectsComeBack reads what -o json and -o yaml print.
func TestObjectsComeBack(t *testing.T) {
	d := newDirs(t)
	p := shown()
	own := publish(t, d, p)
	t.Cleanup(func() { must(t, own.Release()) })
	p.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
	for _, format := range []string{"json", "yaml"} {
		var one v1.Pod
		must(t, yaml.UnmarshalStrict([]byte(say(t, d, "get", "pod", "shown", "-o", format).out), &one))
		same(t, format, &one, p)
		var list struct {
			metav1.TypeMeta `json:",inline"`
			Items           []v1.Pod `json:"items"`
		}
		must(t, yaml.Unmarshal([]byte(say(t, d, "get", "pods", "-o", format).out), &list))
		if list.Kind != "List" || list.APIVersion != "v1" || len(list.Items) != 1 {
			t.Fatalf("%s: %+v", format, list)
		}
		same(t, format+" list", &list.Items[0], p)
	}
}

func same(t *testing.T, what string, got, want *v1.Pod) {
	t.Helper()
	a, err := json.Marshal(got)
	must(t, err)
	b, err := json.Marshal(want)
	must(t, err)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, a, b)
	}
}

func TestEmptyListIsAList(t *testing.T) {
	var list v1.List
	s := say(t, newDirs(t), "get", "pods", "-o", "json")
	must(t, json.Unmarshal([]byte(s.out), &list))
	if list.Kind != "List" || list.Items == nil || s.err != "" {
		t.Errorf("%+v %q", list, s.err)
	}
}

// TestWatchPrintsChanges drives what --watch prints by publications.
func TestWatchPrintsChanges(t *testing.T) {
	shownRows := map[string]string{}
	o := &getOptions{look: look{namespace: "default"}}
	pod := func(c v1.ContainerStatus) state.Seen {
		return state.Seen{Pod: tiny("default", "a", v1.PodRunning, c), Owned: true}
	}
	var out strings.Builder
	table := &table{out: &out}
	for _, seen := range [][]state.Seen{
		nil, {pod(waiting("ContainerCreating"))}, {pod(waiting("ContainerCreating"))}, {pod(running(true, 0))}, nil,
	} {
		table.print(changedRows(seen, o, shownRows)...)
	}
	want := "NAME   READY   STATUS              RESTARTS   AGE\na      0/1     ContainerCreating   0          20m\n" +
		"a      1/1     Running             0          20m\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
