package state

import (
	"errors"
	"fmt"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func TestDeletions(t *testing.T) {
	d := testDirs(t)
	if err := RequestDelete(d, "default", "web", Deletion{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no pod: %v", err)
	}
	o := mustClaim(t, d)
	must(t, o.WriteSpec(testPod()), o.Release())
	grace := int64(7)
	if err := RequestDelete(d, "default", "web", Deletion{GracePeriodSeconds: &grace}); !errors.Is(err, ErrNoOwner) {
		t.Errorf("no owner: %v", err)
	}
	o, err := Adopt(d, "default", "web")
	must(t, err)
	wishes, err := o.Deletions()
	must(t, err)
	if w := <-wishes; *w.GracePeriodSeconds != 7 {
		t.Errorf("the wish from before: %+v", w)
	}
	must(t, RequestDelete(d, "default", "web", Deletion{Force: true}))
	if w := <-wishes; !w.Force || w.GracePeriodSeconds != nil {
		t.Errorf("the second wish: %+v", w)
	}
	must(t, RequestDelete(d, "default", "web", Deletion{})) // nobody listens any more
	must(t, o.Remove())
	if _, open := <-wishes; open {
		<-wishes
	}
	if inotify.file != nil {
		t.Error("the inotify instance outlives its last watch")
	}
}

func TestAwaitPodSeesEveryStage(t *testing.T) {
	d := testDirs(t)
	ctx := testContext(t)
	stages := make(chan string)
	ended := make(chan error, 1)
	go func() {
		_, err := AwaitPod(ctx, d, "default", "web", func(s Seen, err error) bool {
			stage := fmt.Sprintf("owned=%v finished=%v", s.Owned, s.Finished)
			if errors.Is(err, ErrNotFound) {
				stage = "none"
			} else if err == nil {
				stage += " " + string(s.Pod.Status.Phase)
			}
			select {
			case stages <- stage:
			case <-ctx.Done():
			}
			return stage == "owned=false finished=true Succeeded"
		})
		ended <- err
	}()
	wait := func(want string) {
		t.Helper()
		for got := ""; got != want; {
			select {
			case got = <-stages:
			case <-ctx.Done():
				t.Fatalf("never saw %q", want)
			}
		}
	}
	pod := testPod()
	wait("none")
	o := mustClaim(t, d)
	must(t, o.WriteSpec(pod))
	wait("owned=true finished=false ")
	pod.Status.Phase = v1.PodRunning
	must(t, o.WriteStatus(pod))
	wait("owned=true finished=false Running")
	must(t, o.Release())
	wait("owned=false finished=false Running")
	o = mustClaim(t, d)
	wait("owned=true finished=false Running")
	must(t, o.Remove())
	wait("none")
	o = mustClaim(t, d)
	pod.Status.Phase = v1.PodSucceeded
	must(t, o.WriteSpec(pod), o.Finish(pod), o.Release())
	wait("owned=false finished=true Succeeded")
	must(t, <-ended)
}

func TestListIsOrderedAndFiltered(t *testing.T) {
	d := testDirs(t)
	for _, n := range [][2]string{{"prod", "a"}, {"default", "b"}, {"default", "a"}} {
		o, err := Claim(d, n[0], n[1])
		must(t, err)
		pod := testPod()
		pod.Namespace, pod.Name = n[0], n[1]
		must(t, o.WriteSpec(pod), o.Release())
	}
	for ns, want := range map[string]string{"": "default/a default/b prod/a ", "prod": "prod/a ", "none": ""} {
		all, err := List(d, ns)
		must(t, err)
		got := ""
		for _, s := range all {
			got += s.Pod.Namespace + "/" + s.Pod.Name + " "
		}
		if got != want {
			t.Errorf("namespace %q: %q, want %q", ns, got, want)
		}
	}
}

func TestEventsAreCounted(t *testing.T) {
	d := testDirs(t)
	o := mustClaim(t, d)
	must(t, o.WriteSpec(testPod()))
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 5000 {
		e := Event{At: at.Add(time.Duration(i) * time.Second), Type: v1.EventTypeWarning, Reason: "BackOff", Message: "Back-off restarting", Container: "main"}
		must(t, o.Event(e))
	}
	for i := range 12 {
		must(t, o.Event(Event{At: at.Add(2 * time.Hour), Type: v1.EventTypeNormal, Reason: "Pulled", Message: fmt.Sprint("image ", i)}))
	}
	if o.events.size > eventsMaxBytes {
		t.Errorf("the file has %d bytes", o.events.size)
	}
	events, err := Events(d, "default", "web")
	must(t, err)
	if len(events) != 11 {
		t.Fatalf("%d events, want one of BackOff, nine of Pulled and one that combines", len(events))
	}
	first, last := events[0], events[10]
	if first.Count != 5000 || !first.FirstTimestamp.Equal(&events[0].CreationTimestamp) || first.InvolvedObject.FieldPath != "spec.containers{main}" {
		t.Errorf("BackOff: %+v", first)
	}
	if last.Count != 3 || last.Message != similarPrefix+"image 11" {
		t.Errorf("Pulled: %+v", last)
	}
	must(t, o.Remove())
	if _, err := Events(d, "default", "web"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removed pod: %v", err)
	}
}
