package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func hookPod(postStart, preStop *v1.LifecycleHandler, names ...string) *v1.Pod {
	return with(podOf(v1.RestartPolicyAlways, names...), "a", hooks(postStart, preStop))
}

func TestPostStartHidesTheContainerAndHoldsTheNext(t *testing.T) {
	for name, tc := range map[string]struct {
		hook *v1.LifecycleHandler
		asks Action
		done func(*sim)
	}{
		"exec":  {execHook, RunHook{"a", "id1", PostStart}, func(m *sim) { m.hooked("a", PostStart, "") }},
		"sleep": {sleepHook(4), SetTimer{Timer{TimerHook, "a"}, epoch.Add(4 * time.Second)}, func(m *sim) { m.fire() }},
	} {
		t.Run(name, func(t *testing.T) {
			m := newSim(t, hookPod(tc.hook, nil, "a", "b"), Config{})
			m.up()
			m.image("b")
			m.run("a")
			m.want(tc.asks)
			m.wantRecord(Record{"Normal", "Started", "Container started", "a"})
			m.wantWaiting("a", "ContainerCreating", "")
			m.wantPhase(v1.PodPending)
			tc.done(m)
			m.want(Start{"b", 0})
			if c := m.container("a"); c.State.Running == nil || !c.State.Running.StartedAt.Time.Equal(epoch) || !c.Ready {
				t.Fatalf("%+v", c)
			}
		})
	}
}

func TestFailedPostStartKills(t *testing.T) {
	m := newSim(t, hookPod(execHook, execHook, "a", "b"), Config{})
	m.up()
	m.image("b")
	m.run("a")
	m.hooked("a", PostStart, "why")
	m.want(RunHook{"a", "id1", PreStop}, SetTimer{Timer{TimerHook, "a"}, m.now.Add(30 * time.Second)})
	m.wantRecord(Record{"Warning", "FailedPostStartHook", "PostStartHook failed", "a"})
	m.wantRecord(Record{"Normal", "Killing", "FailedPostStartHook", "a"})
	m.wantWaiting("a", "PostStartHookError", "why")
	m.hooked("a", PreStop, "")
	m.wantAmong(Stop{"a"})
	m.exit("a", 143)
	m.want(StopTimer{grace("a")}, EnsureImage{"a"}, Start{"b", 0})
	m.wantWaiting("a", "PostStartHookError", "why")
	if c := m.container("a"); c.LastTerminationState.Terminated.ExitCode != 143 || c.RestartCount != 0 {
		t.Fatalf("%+v", c)
	}
	m.run("a")
	m.hooked("a", PostStart, "again")
	m.hooked("a", PreStop, "")
	m.exit("a", 143)
	m.wantWaiting("a", "CrashLoopBackOff", "back-off 10s restarting failed container=a pod=p_ns(u)")
}

func TestFailedPostStartUnderNever(t *testing.T) {
	p := hookPod(execHook, nil, "a")
	p.Spec.RestartPolicy = v1.RestartPolicyNever
	m := newSim(t, p, Config{})
	m.up()
	m.run("a")
	m.hooked("a", PostStart, "why")
	m.exit("a", 143)
	m.want(StopTimer{grace("a")}, TearDown{})
	m.wantEnded("a", 143, "Error")
	m.wantPhase(v1.PodFailed)
}

func TestExitDuringPostStart(t *testing.T) {
	m := newSim(t, hookPod(sleepHook(60), nil, "a"), Config{})
	m.up()
	m.run("a")
	m.exit("a", 1)
	m.want(StopTimer{Timer{TimerHook, "a"}}, EnsureImage{"a"})
	m.wantEnded("a", 1, "Error")
	m.feed(HookDone{m.now, "a", "id1", PostStart, "container gone"})
	m.want()
}

// What was said of the instances before does not outlive one that nobody saw.
func TestExitOfALongPostStart(t *testing.T) {
	m := newSim(t, hookPod(sleepHook(3000), nil, "a"), Config{})
	m.up()
	for range 2 {
		m.run("a")
		m.exit("a", 1)
	}
	m.fire()
	m.run("a")
	m.wantWaiting("a", "CrashLoopBackOff", "back-off 10s restarting failed container=a pod=p_ns(u)")
	m.now = m.now.Add(700 * time.Second)
	m.exit("a", 2)
	m.want(StopTimer{Timer{TimerHook, "a"}}, EnsureImage{"a"})
	m.wantEnded("a", 2, "Error")
}

// A kubelet would wait for the hook for ever. Here whoever deletes a pod whose
// postStart hangs gets rid of it in time.
func TestDeleteDuringPostStart(t *testing.T) {
	m := newSim(t, hookPod(execHook, nil, "a"), Config{})
	m.up()
	m.run("a")
	m.remove(seconds(5))
	m.want(Stop{"a"}, SetTimer{grace("a"), m.now.Add(5 * time.Second)})
	m.hooked("a", PostStart, "killed")
	m.want()
	m.exit("a", 143)
	m.wantAmong(TearDown{})
}

func TestPreStopTakesItsTimeOutOfTheGrace(t *testing.T) {
	for name, tc := range map[string]struct {
		hook *v1.LifecycleHandler
		took time.Duration // 0: it hangs
		kill time.Duration // when, after the request
	}{
		"exec":                {execHook, 12 * time.Second, 30 * time.Second},
		"exec, almost all":    {execHook, 29 * time.Second, 31 * time.Second},
		"exec that hangs":     {execHook, 0, 32 * time.Second},
		"sleep":               {sleepHook(10), 10 * time.Second, 30 * time.Second},
		"sleep 0":             {sleepHook(0), 0, 30 * time.Second},
		"sleep for too long":  {sleepHook(100), 30 * time.Second, 32 * time.Second},
		"sleep for centuries": {sleepHook(1 << 62), 30 * time.Second, 32 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			m := newSim(t, hookPod(nil, tc.hook, "a"), Config{})
			m.up()
			m.run("a")
			m.remove(nil)
			m.wantRecord(Record{"Normal", "Killing", "Stopping container a", "a"})
			if tc.took > 0 && tc.hook.Exec != nil {
				m.now = m.now.Add(tc.took)
				m.hooked("a", PreStop, "")
			} else if tc.hook.Sleep == nil || tc.hook.Sleep.Seconds > 0 {
				m.fire()
			}
			m.wantAmong(Stop{"a"})
			if got := m.timers[grace("a")].Sub(epoch); got != tc.kill {
				t.Fatalf("killed after %v, want %v", got, tc.kill)
			}
		})
	}
}

func TestFailedPreStopIsOnlyTold(t *testing.T) {
	m := newSim(t, hookPod(nil, execHook, "a"), Config{})
	m.up()
	m.run("a")
	m.remove(nil)
	m.hooked("a", PreStop, "no such file")
	m.wantRecord(Record{"Warning", "FailedPreStopHook", "PreStopHook failed", "a"})
	m.wantAmong(Stop{"a"})
	m.hooked("a", PreStop, "once more") // cannot be, but would only be told
	m.want()
}

func TestGrace0SkipsPreStop(t *testing.T) {
	m := newSim(t, hookPod(nil, execHook, "a"), Config{})
	m.up()
	m.run("a")
	m.remove(seconds(0))
	m.want(Kill{"a"})
}

func TestPreStopIsCutShort(t *testing.T) {
	m := newSim(t, hookPod(nil, sleepHook(20), "a"), Config{})
	m.up()
	m.run("a")
	m.remove(nil)
	m.now = m.now.Add(3 * time.Second)
	m.remove(seconds(5))
	m.want(SetTimer{Timer{TimerHook, "a"}, m.now.Add(5 * time.Second)})
	m.remove(seconds(0))
	m.want(StopTimer{Timer{TimerHook, "a"}}, Kill{"a"})
}

// preStop of a sidecar begins with all others, as in killContainer; the signal
// waits for its turn.
func TestPreStopOfASidecar(t *testing.T) {
	p := with(withInits(podOf(v1.RestartPolicyAlways, "a"), side("s")), "s", hooks(nil, execHook))
	m := newSim(t, p, Config{})
	m.up()
	m.run("s")
	m.run("a")
	m.remove(nil)
	m.wantAmong(RunHook{"s", "id1", PreStop})
	m.wantAmong(Stop{"a"})
	m.hooked("s", PreStop, "")
	m.want(StopTimer{Timer{TimerHook, "s"}}, SetTimer{Timer{TimerTurn, "s"}, epoch.Add(30 * time.Second)})
	m.exit("a", 0)
	m.wantAmong(Stop{"s"})
}

// A failed probe ends its container with its own grace; a deletion that comes
// meanwhile shortens it.
func TestDeleteWhileAProbeKills(t *testing.T) {
	l := probeOf3()
	l.FailureThreshold, l.TerminationGracePeriodSeconds = 1, seconds(100)
	m := newSim(t, probePod(nil, l, nil), Config{})
	m.up()
	m.run("a")
	m.probed("a", Liveness, ProbeFailure)
	m.now = m.now.Add(10 * time.Second)
	m.remove(nil)
	m.want(SetTimer{grace("a"), m.now.Add(30 * time.Second)})
	m.exit("a", 0)
	m.want(StopTimer{grace("a")}, TearDown{})
}
