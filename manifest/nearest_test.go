package manifest

import (
	"reflect"
	"testing"

	v1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	fields := fieldsOf(reflect.TypeFor[v1.Container]())
	for typed, want := range map[string]string{
		"imagee": "image", "Image": "image", "volumeMount": "volumeMounts", "comand": "command", "cmmoand": "command",
		"livenesProb": "livenessProbe", "prots": "ports", "xyzzy": "", "": "", "initContainers": "",
	} {
		if got := nearest(typed, fields); got != want {
			t.Errorf("nearest to %q is %q, wanted %q", typed, got, want)
		}
	}
}

func TestDistanceIsSymmetricAndBounded(t *testing.T) {
	word := rapid.StringMatching(`[a-c]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := distance(a, b, 99)
		if d != distance(b, a, 99) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a)-len(b), len(b)-len(a)) {
			t.Fatalf("distance %d", d)
		}
	})
}
