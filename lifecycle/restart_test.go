package lifecycle

import (
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

// crash runs the container until it has ended n times at once after its start,
// and returns how long each restart had to wait.
func crash(m *sim, c string, n int) []time.Duration {
	m.t.Helper()
	var waits []time.Duration
	for range n {
		m.run(c)
		m.exit(c, 1)
		waits = append(waits, 0)
		if len(m.timers) > 0 {
			_, waits[len(waits)-1] = m.fire()
		}
		m.want(EnsureImage{c})
	}
	return waits
}

func inSeconds(ns ...time.Duration) []time.Duration {
	for i := range ns {
		ns[i] *= time.Second
	}
	return ns
}

func TestBackoffIsTheKubelets(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  Config
		want []time.Duration
	}{
		{"default", Config{}, inSeconds(0, 10, 20, 40, 80, 160, 300, 300, 300)},
		{"capped", Config{MaxBackoff: 30 * time.Second}, inSeconds(0, 10, 20, 30, 30)},
		{"capped below the first", Config{MaxBackoff: 4 * time.Second}, inSeconds(0, 4, 4)},
		{"ten times as fast", Config{TimeScale: 10}, inSeconds(0, 1, 2, 4, 8, 16, 30, 30)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), tc.cfg)
			m.up()
			if got := crash(m, "a", len(tc.want)); !slices.Equal(got, tc.want) {
				t.Fatalf("waits %v, want %v", got, tc.want)
			}
			if got := m.container("a").RestartCount; int(got) != len(tc.want)-1 {
				t.Fatalf("restartCount %d after %d instances", got, len(tc.want))
			}
		})
	}
}

// An hour of a container that ends at once: the starts of an hour, and the one
// that is to come.
func TestCrashLoopOfAnHour(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
	m.up()
	var starts []time.Duration
	for m.now.Sub(epoch) <= time.Hour {
		starts = append(starts, m.now.Sub(epoch)/time.Second)
		crash(m, "a", 1)
	}
	want := []time.Duration{0, 0, 10, 30, 70, 150, 310, 610, 910, 1210, 1510, 1810, 2110, 2410, 2710, 3010, 3310}
	if !slices.Equal(starts, want) || m.container("a").RestartCount != int32(len(want)-1) {
		t.Fatalf("%v, restartCount %d", starts, m.container("a").RestartCount)
	}
}

func TestBackoffStartsAfreshAfterTenStableMinutes(t *testing.T) {
	for _, tc := range []struct {
		ran  time.Duration
		want []time.Duration
	}{
		{600 * time.Second, inSeconds(40, 80)},
		{600*time.Second + 1, inSeconds(0, 10)},
	} {
		m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
		m.up()
		crash(m, "a", 3) // the entry stands at 20 s, raised now
		m.run("a")
		m.now = m.now.Add(tc.ran)
		m.exit("a", 0)
		var first time.Duration
		if len(m.timers) > 0 {
			_, first = m.fire()
		}
		got := append([]time.Duration{first}, crash(m, "a", 1)...)
		if !slices.Equal(got, tc.want) {
			t.Errorf("after %v: waits %v, want %v", tc.ran, got, tc.want)
		}
	}
}

func TestWaitCountsFromTheEndOfTheInstance(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a"), Config{})
	m.up()
	crash(m, "a", 1)
	m.run("a")
	m.now = m.now.Add(7 * time.Second)
	m.exit("a", 1)
	m.wantWaiting("a", "CrashLoopBackOff", "back-off 10s restarting failed container=a pod=p_ns(u)")
	m.wantRecord(Record{"Warning", "BackOff", "Back-off restarting failed container a in pod p_ns(u)", "a"})
	if got := m.container("a").LastTerminationState.Terminated; got == nil || got.ExitCode != 1 || got.Reason != "Error" {
		t.Fatalf("lastState %+v", got)
	}
	if _, waited := m.fire(); waited != 10*time.Second {
		t.Fatalf("waited %v", waited)
	}
	// Until the next instance runs, the back-off is still what shows.
	m.wantWaiting("a", "CrashLoopBackOff", "back-off 10s restarting failed container=a pod=p_ns(u)")
}

func TestRestartPolicies(t *testing.T) {
	for _, tc := range []struct {
		policy  v1.RestartPolicy
		code    int32
		again   bool
		phase   v1.PodPhase
		torn    bool
		reasons string
	}{
		{v1.RestartPolicyAlways, 0, true, v1.PodRunning, false, "Completed"},
		{v1.RestartPolicyAlways, 3, true, v1.PodRunning, false, "Error"},
		{v1.RestartPolicyOnFailure, 0, false, v1.PodSucceeded, true, "Completed"},
		{v1.RestartPolicyOnFailure, 3, true, v1.PodRunning, false, "Error"},
		{v1.RestartPolicyNever, 0, false, v1.PodSucceeded, true, "Completed"},
		{v1.RestartPolicyNever, 3, false, v1.PodFailed, true, "Error"},
	} {
		m := newSim(t, podOf(tc.policy, "a"), Config{})
		m.up()
		m.run("a")
		m.exit("a", tc.code)
		switch {
		case tc.again:
			m.want(EnsureImage{"a"})
		case tc.torn:
			m.want(TearDown{})
		}
		m.wantPhase(tc.phase)
		m.wantEnded("a", tc.code, tc.reasons) // as a kubelet shows it until the restart
	}
}

func TestPodEndsWithItsLastContainer(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyNever, "b", "a"), Config{})
	m.up()
	m.run("b")
	m.run("a")
	m.exit("a", 0)
	m.want()
	m.wantPhase(v1.PodRunning)
	m.exit("b", 9)
	m.want(TearDown{})
	m.wantPhase(v1.PodFailed)
	m.feed(TornDown{m.now})
	m.wantPhase(v1.PodFailed)
	if !m.s.Done() {
		t.Fatal("not done")
	}
}

func TestEndReasons(t *testing.T) {
	for _, tc := range []struct {
		e      Exited
		code   int32
		reason string
	}{
		{Exited{Code: 0}, 0, "Completed"},
		{Exited{Code: 5}, 5, "Error"},
		{Exited{Signal: 9}, 137, "Error"},
		{Exited{Signal: 9, OOM: true}, 137, "OOMKilled"},
		{Exited{Code: 137, Reason: ReasonStatusUnknown}, 137, "ContainerStatusUnknown"},
	} {
		m := newSim(t, podOf(v1.RestartPolicyNever, "a"), Config{})
		m.up()
		m.run("a")
		tc.e.At, tc.e.Container, tc.e.ID = m.now, "a", "id1"
		m.feed(tc.e)
		m.wantEnded("a", tc.code, tc.reason)
	}
}
