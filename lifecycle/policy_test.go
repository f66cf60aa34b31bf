package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func rule(action v1.ContainerRestartRuleAction, op v1.ContainerRestartRuleOnExitCodesOperator, codes ...int32) v1.ContainerRestartRule {
	return v1.ContainerRestartRule{Action: action, ExitCodes: &v1.ContainerRestartRuleOnExitCodes{Operator: op, Values: codes}}
}

const (
	again = v1.ContainerRestartRuleActionRestart
	in    = v1.ContainerRestartRuleOnExitCodesOpIn
	notIn = v1.ContainerRestartRuleOnExitCodesOpNotIn
)

func TestRulesThenOwnPolicyThenThePods(t *testing.T) {
	never, onFailure, always := v1.ContainerRestartPolicyNever, v1.ContainerRestartPolicyOnFailure, v1.ContainerRestartPolicyAlways
	for _, tc := range []struct {
		pod    v1.RestartPolicy
		policy *v1.ContainerRestartPolicy
		rules  []v1.ContainerRestartRule
		code   int32
		want   bool
	}{
		{v1.RestartPolicyAlways, nil, nil, 0, true},
		{v1.RestartPolicyAlways, &never, nil, 1, false},
		{v1.RestartPolicyNever, &always, nil, 0, true},
		{v1.RestartPolicyNever, &onFailure, nil, 0, false},
		{v1.RestartPolicyNever, &onFailure, nil, 1, true},
		{v1.RestartPolicyNever, &never, []v1.ContainerRestartRule{rule(again, in, 42, 43)}, 43, true},
		{v1.RestartPolicyNever, &never, []v1.ContainerRestartRule{rule(again, in, 42)}, 1, false},
		{v1.RestartPolicyNever, &never, []v1.ContainerRestartRule{rule(again, notIn, 0, 1)}, 2, true},
		{v1.RestartPolicyNever, &never, []v1.ContainerRestartRule{rule(again, notIn, 0, 1)}, 1, false},
		{v1.RestartPolicyNever, &never, []v1.ContainerRestartRule{rule("Other", in, 7), rule(again, in, 7)}, 7, false},
		{v1.RestartPolicyAlways, &never, []v1.ContainerRestartRule{{Action: again}}, 7, false},
	} {
		c := container{spec: &v1.Container{RestartPolicy: tc.policy, RestartPolicyRules: tc.rules}}
		c.now.code = tc.code
		terms := &terms{pod: podOf(tc.pod)}
		if got := terms.restarts(&c); got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
}

// Code 0 is success to an init container whatever the rules say; others are up
// to them.
func TestRulesOfInitContainers(t *testing.T) {
	never := v1.ContainerRestartPolicyNever
	p := with(withInits(podOf(v1.RestartPolicyNever, "a"), once("i")), "i", func(c *v1.Container) {
		c.RestartPolicy, c.RestartPolicyRules = &never, []v1.ContainerRestartRule{rule(again, in, 0, 5)}
	})
	m := newSim(t, p, Config{})
	m.up()
	m.run("i")
	m.exit("i", 5)
	m.want(EnsureImage{"i"})
	m.wantPhase(v1.PodPending)
	m.run("i")
	m.exit("i", 0)
	m.want(EnsureImage{"a"})
}

func TestRestartAllContainers(t *testing.T) {
	p := withInits(resetPod("b", "a"), side("s"), once("i"))
	m := newSim(t, p, Config{})
	m.up()
	m.run("s")
	m.run("i")
	m.exit("i", 0)
	m.run("b")
	m.run("a")
	m.tick()
	m.exit("a", 9)
	m.want(Stop{"b"}, SetTimer{grace("b"), m.now.Add(2 * time.Second)})
	m.wantRecord(Record{"Normal", "Killing", "killing", "b"})
	for _, name := range []string{"a", "i"} {
		m.wantWaiting(name, "RestartingAllContainers", "The container is removed because RestartAllContainers in place")
		if c := m.container(name); c.RestartCount != 1 || c.LastTerminationState.Terminated.ExitCode != 137 ||
			c.LastTerminationState.Terminated.Reason != "RestartingAllContainers" || c.ContainerID != "" {
			t.Fatalf("%+v", c)
		}
	}
	if c := m.condition(v1.AllContainersRestarting); c.Status != v1.ConditionTrue || c.Reason != "RestartAllContainersStarted" ||
		c.Message != "container exited with restart policy rule" || !c.LastTransitionTime.Time.Equal(m.now) {
		t.Fatalf("%+v", c)
	}
	m.exit("b", 143)
	m.want(StopTimer{grace("b")}, Stop{"s"}, SetTimer{grace("s"), m.now.Add(2 * time.Second)})
	m.wantPhase(v1.PodRunning)
	m.exit("s", 143)
	m.want(StopTimer{grace("s")}, EnsureImage{"s"})
	if c := m.condition(v1.AllContainersRestarting); c.Status != v1.ConditionFalse || c.Reason != "" {
		t.Fatalf("%+v", c)
	}
	if c := m.condition(v1.PodInitialized); c.Status != v1.ConditionTrue {
		t.Fatalf("%+v", c)
	}
	m.image("s")
	m.want(Start{"s", 1})
	m.started("s")
	m.want(EnsureImage{"i"})
	m.run("i")
	m.wantPhase(v1.PodPending)
	m.exit("i", 0)
	m.image("b")
	m.started("b")
	m.run("a")
	m.wantPhase(v1.PodRunning)
	if c := m.container("a"); c.RestartCount != 1 || c.LastTerminationState.Terminated.Reason != "RestartingAllContainers" {
		t.Fatalf("%+v", c)
	}
}

// Without a back-off, a container that always asks for it gets a restart of all
// once a second.
func TestRestartAllContainersIsPaced(t *testing.T) {
	m := newSim(t, resetPod("a"), Config{})
	m.up()
	since := m.now
	for range 5 {
		m.run("a")
		m.exit("a", 9)
		if len(m.timers) > 0 {
			m.fire()
		}
		m.want(EnsureImage{"a"})
	}
	if took := m.now.Sub(since); took != 4*time.Second {
		t.Fatalf("5 restarts took %v", took)
	}
}

// What is on its way when all are to restart is waited for.
func TestRestartAllContainersWaitsForWhatIsOnItsWay(t *testing.T) {
	for name, answer := range map[string]func(*sim){
		"image":    func(m *sim) { m.image("c") },
		"no image": func(m *sim) { m.feed(ImageFailed{m.now, "c", ReasonImagePull, "no"}) },
		"started":  func(m *sim) { m.image("c"); m.started("b"); m.exit("b", 143) },
		"start failed": func(m *sim) {
			m.image("c")
			m.feed(StartFailed{At: m.now, Container: "b", Reason: ReasonCreateContainer})
		},
		"did not run":    func(m *sim) { m.image("c"); m.feed(StartFailed{m.now, "b", "x", ReasonRunContainer, "no"}) },
		"in its restart": func(m *sim) { m.image("c"); m.started("b"); m.exit("b", 9) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newSim(t, resetPod("a", "b", "c"), Config{})
			m.up()
			m.run("a")
			m.image("b")
			m.exit("a", 9)
			m.want()
			answer(m)
			if m.s.find("b").stage == starting {
				m.want()
				m.feed(StartFailed{At: m.now, Container: "b", Reason: ReasonCreateContainer})
			}
			for _, c := range m.s.containers {
				if c.stage != ensuring {
					t.Fatalf("%s is %s", c.spec.Name, stageNames[c.stage])
				}
			}
		})
	}
}

// What a container that starts meanwhile would do by itself is left out.
func TestRestartAllContainersOfOneThatStarts(t *testing.T) {
	p := with(resetPod("a", "b"), "b", hooks(execHook, execHook))
	with(p, "b", func(c *v1.Container) { c.LivenessProbe = probeOf3() })
	m := newSim(t, p, Config{StartGap: time.Minute})
	m.up()
	m.run("a")
	m.image("b")
	m.fire()
	m.exit("a", 9)
	m.started("b")
	m.want(Stop{"b"}, SetTimer{grace("b"), m.now.Add(2 * time.Second)})
}

// A check that fails while its container is killed for another reason does not
// kill it twice; a gap between first starts is over.
func TestRestartAllContainersAndAFailingProbe(t *testing.T) {
	p := with(resetPod("b", "a", "c"), "b", func(c *v1.Container) {
		c.LivenessProbe = probeOf3()
		c.LivenessProbe.FailureThreshold = 1
	})
	p.Spec.RestartPolicy = v1.RestartPolicyNever
	m := newSim(t, p, Config{StartGap: time.Minute})
	m.up()
	m.run("b")
	m.image("a")
	m.image("c")
	m.fire()
	m.started("a")
	m.exit("a", 9)
	m.wantAmong(Stop{"b"})
	m.wantAmong(StopTimer{Timer{Kind: TimerGap}})
	m.probed("b", Liveness, ProbeFailure)
	m.want()
	m.exit("b", 143)
	m.wantPhase(v1.PodPending) // c has never run
	m.run("b")
	m.fire()
	m.run("a")
	m.wantPhase(v1.PodPending)
}

// Never means never, but for a rule: the pod is not over while all restart.
func TestRestartAllContainersUnderNever(t *testing.T) {
	p := withInits(resetPod("a", "b"), once("i"))
	p.Spec.RestartPolicy = v1.RestartPolicyNever
	m := newSim(t, p, Config{})
	m.up()
	m.run("i")
	m.exit("i", 0)
	m.run("a")
	m.run("b")
	m.exit("a", 9)
	m.wantPhase(v1.PodRunning)
	m.exit("b", 143)
	m.want(StopTimer{grace("b")}, EnsureImage{"i"})
	m.wantPhase(v1.PodRunning)
	m.run("i")
	m.exit("i", 1)
	m.wantPhase(v1.PodFailed)
	m.want(TearDown{})
}

func TestDeleteWhileAllRestart(t *testing.T) {
	p := withInits(resetPod("a", "b"), once("i"))
	p.Spec.RestartPolicy = v1.RestartPolicyNever
	n := newSim(t, p, Config{})
	n.up()
	n.run("i")
	n.exit("i", 0)
	n.run("a")
	n.run("b")
	n.exit("a", 9)
	n.remove(nil)
	n.wantPhase(v1.PodRunning) // that i was removed is no failure of i
	n.exit("b", 0)
	n.wantPhase(v1.PodFailed)

	m := newSim(t, resetPod("a", "b"), Config{})
	m.up()
	m.run("a")
	m.run("b")
	m.exit("a", 9)
	m.remove(seconds(0))
	m.want(StopTimer{grace("b")}, Kill{"b"})
	m.exit("b", 137)
	m.want(TearDown{})
	m.wantPhase(v1.PodFailed)
}
