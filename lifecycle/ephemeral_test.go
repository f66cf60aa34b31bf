package lifecycle

import (
	"testing"

	v1 "k8s.io/api/core/v1"
)

func TestEphemeralContainerHasNoSay(t *testing.T) {
	m := newSim(t, withInits(podOf(v1.RestartPolicyOnFailure, "a"), once("i")), Config{})
	m.up()
	m.run("i")
	m.feed(EphemeralAdded{m.now, debugger("d")})
	m.want(EnsureImage{"d"}) // it waits for no init container
	m.image("d")
	m.want(Start{"d", 0})
	m.started("d")
	if c := m.container("d"); c.State.Running == nil || c.Ready || c.Started != nil {
		t.Fatalf("%+v", c)
	}
	m.wantPhase(v1.PodPending)
	m.exit("i", 0)
	m.run("a")
	m.feed(EphemeralAdded{m.now, debugger("e")})
	m.run("e")
	m.exit("d", 7) // never restarted
	m.want()
	m.wantEnded("d", 7, "Error")
	m.exit("a", 0)
	m.wantPhase(v1.PodSucceeded)
	m.wantAmong(Stop{"e"})
	m.exit("e", 143)
	m.wantAmong(TearDown{})
	m.wantPhase(v1.PodSucceeded)
	if got := Status(m.s).EphemeralContainerStatuses; len(got) != 2 || got[0].Name != "d" || got[1].Name != "e" {
		t.Fatalf("%+v", got)
	}
}

func TestEphemeralContainerBeforeTheSandbox(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
	m.feed(Begin{m.now})
	m.feed(EphemeralAdded{m.now, debugger("d")})
	m.want()
	m.feed(SandboxReady{At: m.now})
	m.want(EnsureImage{"d"}, EnsureImage{"a"})
	m.image("d")
	m.feed(StartFailed{At: m.now, Container: "d", Reason: ReasonCreateConfig, Message: "no target"})
	m.fire() // could not be made: tried again
	m.want(EnsureImage{"d"})
	m.image("d")
	m.feed(StartFailed{m.now, "d", "x", ReasonRunContainer, "no such file"})
	m.want()
	m.wantEnded("d", 128, "StartError")
}

func TestEphemeralContainerStaysWhenAllRestart(t *testing.T) {
	m := newSim(t, resetPod("a", "b"), Config{})
	m.up()
	m.run("a")
	m.run("b")
	m.feed(EphemeralAdded{m.now, debugger("d")})
	m.run("d")
	m.exit("a", 9)
	m.want(Stop{"b"}, SetTimer{grace("b"), m.timers[grace("b")]})
	m.feed(EphemeralAdded{m.now, debugger("e")})
	m.run("e")
	m.exit("b", 143)
	m.want(StopTimer{grace("b")}, EnsureImage{"a"}, EnsureImage{"b"})
	for _, name := range []string{"d", "e"} {
		if c := m.container(name); c.State.Running == nil {
			t.Fatalf("%+v", c)
		}
	}
}
