package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

func event(kind, reason, message string, first, last time.Duration, count int32) v1.Event {
	return v1.Event{
		Type: kind, Reason: reason, Message: message, FirstTimestamp: ago(first), LastTimestamp: ago(last), Count: count,
		Source: v1.EventSource{Component: "minipod"},
	}
}

// TestDescribePod holds the layout. Without its Size lines the file is what
// kubectl describe prints of the same pod and events.
func TestDescribePod(t *testing.T) {
	events := []v1.Event{
		event("Normal", "Pulled", "Container image \"nginx\" already present on machine\n", 5*time.Minute, 5*time.Minute, 1),
		event("Warning", "BackOff", "Back-off restarting failed container", 2*time.Minute, 5*time.Second, 3),
	}
	var out bytes.Buffer
	must(t, describePod(&out, shown(), map[string]string{"html": "64 MiB of memory"}, events, noon))
	golden(t, "describe.golden", out.String())
}

func TestDescribeTerminatingPod(t *testing.T) {
	p := shown()
	at, grace := ago(5*time.Second), int64(30)
	p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &at, &grace
	p.Spec.Volumes, p.Labels, p.Annotations, p.Spec.Tolerations = nil, nil, nil, nil
	var out bytes.Buffer
	must(t, describePod(&out, p, nil, nil, noon))
	for _, want := range []string{
		"Status:                    Terminating (lasts 5s)\nTermination Grace Period:  30s\n", "\nLabels:                    <none>\n",
		"\nVolumes:         <none>\n", "\nEvents:          <none>\n", "\nTolerations:     <none>\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestDescribeReadsEvents(t *testing.T) {
	d := newDirs(t)
	own := publish(t, d, shown())
	t.Cleanup(func() { must(t, own.Release()) })
	for range 3 {
		must(t, own.Event(state.Event{At: time.Now(), Type: "Warning", Reason: "BackOff", Message: "again", Container: "web"}))
	}
	s := say(t, d, "describe", "pod", "shown")
	if !strings.Contains(s.out, "(x3 over ") || !strings.Contains(s.out, "SizeLimit:  64Mi\n    Size:       64 MiB of memory\n") {
		t.Errorf("%s%s", s.out, s.err)
	}
	say(t, d, "describe", "pod", "nope").want(t, "nope", 1, "", "error: pods \"nope\" not found\n")
	say(t, d, "describe", "pods", "-n", "x").want(t, "none", 0, "", "No resources found in x namespace.\n")
	say(t, d, "describe").want(t, "nothing", 2, "", "describe what?")
}
