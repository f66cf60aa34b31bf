package lifecycle

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

// tablePod has what a container needs to come to a stage.
func tablePod(st stage) *v1.Pod {
	p := podOf(v1.RestartPolicyAlways, "b", "a")
	switch st {
	case hooking:
		return with(p, "a", hooks(execHook, nil))
	case preStopping:
		return with(p, "a", hooks(nil, execHook))
	case awaitingTurn:
		return withInits(podOf(v1.RestartPolicyAlways, "b"), side("a"))
	default:
		return p
	}
}

// at brings a pod of one container to each stage of a container.
var at = [stages]func(m *sim){
	unborn:   func(m *sim) { m.feed(Begin{m.now}) },
	ensuring: (*sim).up,
	imageWait: func(m *sim) {
		m.up()
		m.feed(ImageFailed{m.now, "a", ReasonImagePull, "no"})
	},
	queued: func(m *sim) { // b's first start keeps a from its own
		m.up()
		m.image("b")
		m.image("a")
	},
	starting: func(m *sim) {
		m.up()
		m.run("b")
		m.image("a")
	},
	createWait: func(m *sim) {
		m.up()
		m.run("b")
		m.image("a")
		m.feed(StartFailed{At: m.now, Container: "a", Reason: ReasonCreateContainer})
	},
	hooking: bothRun,
	running: bothRun,
	preStopping: func(m *sim) {
		bothRun(m)
		m.remove(nil)
	},
	awaitingTurn: func(m *sim) {
		m.up()
		m.run("a")
		m.run("b")
		m.remove(nil)
	},
	stopping: func(m *sim) {
		bothRun(m)
		m.remove(nil)
	},
	killing: func(m *sim) {
		bothRun(m)
		m.remove(seconds(0))
	},
	backingOff: func(m *sim) {
		bothRun(m)
		m.exit("a", 1)
		m.run("a")
		m.exit("a", 1)
	},
	ended: func(m *sim) {
		m.up()
		m.remove(nil)
	},
}

func bothRun(m *sim) {
	m.up()
	m.run("b")
	m.run("a")
}

// For each stage of a container: the events that do something (x), that come
// too late to matter (-), and that cannot happen (space). The columns are
// those of containerTable: image ready, image failed, started, start failed,
// exited, hook done, timer.
var containerPairs = [stages]string{
	unborn:       "     --",
	ensuring:     "xx   --",
	imageWait:    "     -x",
	queued:       "     --",
	starting:     "  xx --",
	createWait:   "     -x",
	hooking:      "    xx-",
	running:      "    x -",
	preStopping:  "    xxx",
	awaitingTurn: "    x-x",
	stopping:     "    x-x",
	killing:      "    x--",
	backingOff:   "     -x",
	ended:        "--   --",
}

func containerEvent(s State, col column) Event {
	c := s.find("a")
	when := epoch.Add(time.Hour)
	switch col {
	case imageReady:
		return ImageReady{At: when, Container: "a"}
	case imageFailed:
		return ImageFailed{At: when, Container: "a", Reason: ReasonImagePull}
	case started:
		return Started{when, "a", "new"}
	case startFailed:
		return StartFailed{At: when, Container: "a", Reason: ReasonCreateContainer}
	case exited:
		return Exited{At: when, Container: "a", ID: c.id()}
	case hookDone:
		kind := PreStop
		if c.stage == hooking {
			kind = PostStart
		}
		return HookDone{At: when, Container: "a", ID: c.id(), Kind: kind}
	case containerTimer:
		kind := c.timer
		if kind == noTimer {
			kind = TimerRestart
		}
		return TimerFired{when, Timer{kind, "a"}}
	}
	panic(col)
}

func (s State) find(name string) *container {
	i := slices.IndexFunc(s.containers, func(c *container) bool { return c.spec.Name == name })
	return s.containers[i]
}

func TestEveryPairOfContainerStageAndEvent(t *testing.T) {
	for st := range stages {
		for col := range containerColumns {
			m := newSim(t, tablePod(st), Config{})
			at[st](m)
			if got := m.s.find("a").stage; got != st {
				t.Fatalf("set-up for %q gave %q", stageNames[st], stageNames[got])
			}
			e := containerEvent(m.s, col)
			checkPair(t, m.s, e, containerPairs[st][col], stageNames[st])
		}
	}
}

// The stages of a probe, as above: probed, timer.
var probePairs = [probeStages]string{
	probeIdle:    "--",
	probeWaiting: " x",
	probeRunning: "x-",
}

func TestEveryPairOfProbeStageAndEvent(t *testing.T) {
	for st := range probeStages {
		for col := range probeColumns {
			for k := range probeKinds {
				m := newSim(t, podOf(v1.RestartPolicyAlways, "b", "a"), Config{})
				m.s.find("a").probes[k].spec = probeOf3()
				bothRun(m)
				switch st {
				case probeIdle:
					m.exit("a", 1)
				case probeWaiting:
					m.probed("a", k, ProbeFailure)
				}
				c := m.s.find("a")
				if got := c.probes[k].stage; got != st {
					t.Fatalf("set-up for %q gave %q", probeStageNames[st], probeStageNames[got])
				}
				e := Event(Probed{At: epoch.Add(time.Hour), Container: "a", ID: c.id(), Kind: k})
				if col == probeTimer {
					e = TimerFired{epoch.Add(time.Hour), Timer{k.timer(), "a"}}
				}
				checkPair(t, m.s, e, probePairs[st][col], probeStageNames[st])
			}
		}
	}
}

// The stages of the pod, as above: begin, sandbox ready, sandbox failed, timer,
// ephemeral container, delete, torn down.
var podPairs = [podStages]string{
	fresh:      "x  -xx ",
	creating:   " xxxxx ",
	retrying:   "   xxx ",
	up:         "   xxx ",
	resetting:  "   xxx ",
	cancelling: " xx--x ",
	ending:     "   --x ",
	tearing:    "   --xx",
	gone:       "   --- ",
}

// resetPod restarts all its containers when a exits with code 9.
func resetPod(names ...string) *v1.Pod {
	return with(podOf(v1.RestartPolicyAlways, names...), "a", func(c *v1.Container) {
		never := v1.ContainerRestartPolicyNever
		c.RestartPolicy, c.RestartPolicyRules = &never, []v1.ContainerRestartRule{{
			Action:    v1.ContainerRestartRuleActionRestartAllContainers,
			ExitCodes: &v1.ContainerRestartRuleOnExitCodes{Operator: v1.ContainerRestartRuleOnExitCodesOpIn, Values: []int32{9}},
		}}
	})
}

var podAt = [podStages]func(m *sim){
	fresh:    func(*sim) {},
	creating: func(m *sim) { m.feed(Begin{m.now}) },
	retrying: func(m *sim) {
		m.feed(Begin{m.now})
		m.feed(SandboxFailed{At: m.now})
	},
	up: func(m *sim) { // in the gap
		m.up()
		m.run("b")
		m.image("a")
	},
	resetting: func(m *sim) { // for the second time within a second
		bothRunWithGap(m)
		m.exit("a", 9)
		m.exit("b", 143)
		m.run("b")
		m.image("a")
		m.fire()
		m.started("a")
		m.now = m.s.resetFrom
		m.exit("a", 9)
		m.exit("b", 143)
	},
	cancelling: func(m *sim) {
		m.feed(Begin{m.now})
		m.remove(nil)
	},
	ending: func(m *sim) {
		bothRunWithGap(m)
		m.remove(nil)
	},
	tearing: func(m *sim) {
		m.up()
		m.remove(nil)
	},
	gone: func(m *sim) {
		m.up()
		m.remove(nil)
		m.feed(TornDown{m.now})
	},
}

func bothRunWithGap(m *sim) {
	m.up()
	m.run("b")
	m.image("a")
	m.fire()
	m.started("a")
}

func podEvent(st podStage, col column) Event {
	when := epoch.Add(time.Hour)
	switch col {
	case begin:
		return Begin{when}
	case sandboxReady:
		return SandboxReady{At: when}
	case sandboxFailed:
		return SandboxFailed{At: when}
	case podTimer:
		kind := map[podStage]TimerKind{retrying: TimerSandbox, up: TimerGap, resetting: TimerRestart}[st]
		if kind == noTimer {
			kind = TimerDeadline
		}
		return TimerFired{when, Timer{Kind: kind}}
	case ephemeralAdded:
		return EphemeralAdded{when, debugger("d")}
	case deleteRequested:
		return DeleteRequested{when, seconds(3)}
	case tornDown:
		return TornDown{when}
	}
	panic(col)
}

func debugger(name string) v1.EphemeralContainer {
	return v1.EphemeralContainer{EphemeralContainerCommon: v1.EphemeralContainerCommon{Name: name, Image: "img-" + name}}
}

func TestEveryPairOfPodStageAndEvent(t *testing.T) {
	for st := range podStages {
		for col := range podColumns {
			p := resetPod("b", "a")
			p.Spec.ActiveDeadlineSeconds = seconds(600)
			m := newSim(t, p, Config{StartGap: time.Minute})
			podAt[st](m)
			if m.s.stage != st {
				t.Fatalf("set-up for %q gave %q", podStageNames[st], podStageNames[m.s.stage])
			}
			checkPair(t, m.s, podEvent(st, col), podPairs[st][col], podStageNames[st])
		}
	}
}

// checkPair steps and compares what came of it with the pair's letter.
func checkPair(t *testing.T, s State, e Event, letter byte, where string) {
	t.Helper()
	before := s
	before.containers = copies(s.containers)
	next, actions := Step(s, e)
	if !reflect.DeepEqual(s, before) {
		t.Errorf("%s, %T: Step changed the state it was given", where, e)
	}
	got := byte('x')
	if len(actions) == 1 && isBug(actions[0]) {
		got = ' '
	} else if len(actions) == 0 && reflect.DeepEqual(s, next) {
		got = '-'
	}
	if got == ' ' && !reflect.DeepEqual(s, next) {
		t.Errorf("%s, %T: a bug changed the state", where, e)
	}
	if got != letter {
		t.Errorf("%s, %T: %q, want %q", where, e, got, letter)
	}
}

func isBug(a Action) bool { _, ok := a.(Bug); return ok }

func TestBugsSayWhatHappened(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "b", "a"), Config{})
	bothRun(m)
	for _, tc := range []struct {
		e    Event
		want string
	}{
		{Begin{m.now}, "Begin"},
		{Started{m.now, "a", "x"}, "container a is running"},
		{Started{m.now, "z", "x"}, `there is no container "z"`},
		{Exited{At: m.now, Container: "a", ID: "old"}, "container a runs instance id2"},
		{TornDown{m.now}, "the pod is up"},
		{HookDone{m.now, "a", "id2", PreStop, ""}, "container a is running"},
		{Probed{At: m.now, Container: "a", ID: "id2", Kind: 7}, "no probe of kind 7"},
		{EphemeralAdded{m.now, debugger("b")}, `a container "b" already`},
		{Exited{At: m.now}, `there is no container ""`},
	} {
		_, actions := Step(m.s, tc.e)
		if len(actions) != 1 || !isBug(actions[0]) {
			t.Fatalf("%T: %+v", tc.e, actions)
		}
		text := actions[0].(Bug).String()
		if !strings.Contains(text, "minipod bug") || !strings.Contains(text, tc.want) {
			t.Errorf("%T: %s", tc.e, text)
		}
	}
}
