package lifecycle

import (
	"flag"
	"reflect"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"
)

// drawEvent is any event at all, most of which cannot happen.
func drawEvent(r *rapid.T, s State, now time.Time) Event {
	name := rapid.SampledFrom([]string{"a", "b", "c", "i", "j", "d", "", "z"}).Draw(r, "container")
	id := rapid.SampledFrom([]string{"x", "y", ""}).Draw(r, "id")
	for _, c := range s.containers {
		if c.spec.Name == name && rapid.Bool().Draw(r, "right id") {
			id = c.id()
		}
	}
	reason := rapid.SampledFrom([]string{ReasonRunContainer, ReasonCreateContainer, ReasonImagePull, ""}).Draw(r, "reason")
	small := rapid.IntRange(0, 14).Draw(r, "small")
	switch rapid.IntRange(0, 13).Draw(r, "event") {
	case 0:
		return Begin{now}
	case 1:
		return SandboxReady{At: now}
	case 2:
		return SandboxFailed{At: now}
	case 3:
		return ImageReady{At: now, Container: name}
	case 4:
		return ImageFailed{At: now, Container: name, Reason: reason}
	case 5:
		return StartFailed{At: now, Container: name, ID: id, Reason: reason}
	case 6:
		return Exited{At: now, Container: name, ID: id, Code: int32(small), OOM: small == 9}
	case 7:
		return HookDone{now, name, id, HookKind(small % 3), reason}
	case 8:
		return Probed{now, name, id, ProbeKind(small % 5), Outcome(small), reason}
	case 9:
		return EphemeralAdded{now, debugger(name)}
	case 10:
		return DeleteRequested{now, seconds(int64(small))}
	case 11:
		return TornDown{now}
	case 12:
		return TimerFired{now, Timer{TimerKind(small), name}}
	default:
		return Started{now, name, id}
	}
}

// Whatever is said to the automaton, it answers: what cannot be with one Bug
// that has changed nothing, what can be without one.
func TestAnyEventInAnyState(t *testing.T) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		t.Fatal(err)
	}
	bugs, others := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		p := drawPod(r)
		s, err := New(p, Config{})
		if err != nil {
			r.Fatal(err)
		}
		now := epoch
		for range 200 {
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(r, "ms")) * time.Millisecond)
			next, actions := Step(s, drawEvent(r, s, now))
			found := 0
			for _, a := range actions {
				if isBug(a) {
					found++
				}
			}
			if found > 0 && (len(actions) > 1 || !reflect.DeepEqual(s, next)) {
				r.Fatalf("a bug beside %+v, or with an effect", actions)
			}
			bugs, others = bugs+found, others+1-found
			s = next
			checkPhase(r, Status(s).Phase)
		}
	})
	if bugs == 0 || others == 0 {
		t.Fatalf("%d bugs, %d other events", bugs, others)
	}
}

func checkPhase(r *rapid.T, p v1.PodPhase) {
	switch p {
	case v1.PodPending, v1.PodRunning, v1.PodSucceeded, v1.PodFailed:
	default:
		r.Fatalf("phase %q", p)
	}
}
