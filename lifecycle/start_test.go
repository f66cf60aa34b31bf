package lifecycle

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func TestFirstStartsFollowTheOrder(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a", "b", "c"), Config{Order: []string{"c", "a", "b"}})
	m.feed(Begin{m.now})
	m.want(CreateSandbox{})
	m.feed(SandboxReady{At: m.now})
	m.want(EnsureImage{"c"}, EnsureImage{"a"}, EnsureImage{"b"})
	m.image("a")
	m.want()
	m.image("b")
	m.want()
	m.image("c")
	m.want(Start{"c", 0})
	m.started("c")
	m.want(Start{"a", 0})
	m.exit("c", 1)
	m.want(EnsureImage{"c"}) // a restart waits for nobody's first start
	m.image("c")
	m.want(Start{"c", 1})
	m.feed(StartFailed{At: m.now, Container: "a", Reason: ReasonCreateContainer, Message: "no"})
	m.want(SetTimer{Timer{TimerCreate, "a"}, m.now.Add(10 * time.Second)}, Start{"b", 0})
}

func TestStartGap(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a", "b", "c"), Config{StartGap: 3 * time.Second, TimeScale: 100})
	m.up()
	m.image("a")
	m.image("b")
	m.image("c")
	m.started("a")
	m.want(SetTimer{Timer{Kind: TimerGap}, m.now.Add(3 * time.Second)})
	m.fire()
	m.want(Start{"b", 0})
	m.feed(StartFailed{m.now, "b", "id9", ReasonRunContainer, "no such file"})
	m.want(EnsureImage{"b"}, SetTimer{Timer{Kind: TimerGap}, m.now.Add(3 * time.Second)})
	m.fire()
	m.want(Start{"c", 0})
	m.started("c")
	m.want()
}

func TestMissingImageLosesItsTurn(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyAlways, "a", "b"), Config{})
	m.up()
	m.image("b")
	m.feed(ImageFailed{m.now, "a", ReasonImagePull, "no route"})
	m.want(SetTimer{Timer{TimerImage, "a"}, m.now.Add(10 * time.Second)}, Start{"b", 0})
	m.wantWaiting("a", "ErrImagePull", "no route")
	m.wantPhase(v1.PodPending)
	m.fire()
	m.want(EnsureImage{"a"})
	m.image("a")
	m.want(Start{"a", 0}) // although b is still being started: a's turn is past
}

func TestPullBackoff(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyNever, "a"), Config{})
	m.up()
	var pulls []time.Duration
	for last := m.now; len(pulls) < 8; {
		m.feed(ImageFailed{m.now, "a", ReasonImagePull, "gone"})
		m.wantRecord(Record{"Warning", "Failed", `Failed to pull image "img-a": gone`, "a"})
		m.wantWaiting("a", "ErrImagePull", "gone")
		for m.fire(); len(m.timers) > 0; m.fire() {
			m.wantRecord(Record{"Normal", "BackOff", `Back-off pulling image "img-a"`, "a"})
			m.wantWaiting("a", "ImagePullBackOff", `Back-off pulling image "img-a": ErrImagePull: gone`)
		}
		m.want(EnsureImage{"a"})
		pulls, last = append(pulls, m.now.Sub(last)), m.now
	}
	for i, want := range inSeconds(10, 20, 40, 80, 160, 300, 300, 300) {
		if pulls[i] != want {
			t.Fatalf("pulls after %v", pulls)
		}
	}
	m.run("a")
	m.wantPhase(v1.PodRunning)
}

func TestImageThatIsNotPulledIsLookedForAtEverySync(t *testing.T) {
	for _, reason := range []string{ReasonImageNeverPull, ReasonImageInspect, ReasonImageInvalidName} {
		m := newSim(t, podOf(v1.RestartPolicyNever, "a"), Config{})
		m.up()
		for range 4 {
			m.feed(ImageFailed{m.now, "a", reason, "why"})
			m.wantWaiting("a", reason, "why")
			m.wantRecord(Record{"Warning", "Failed", "Error: " + reason, "a"})
			if _, waited := m.fire(); waited != 10*time.Second {
				t.Fatalf("%s: looked again after %v", reason, waited)
			}
			m.want(EnsureImage{"a"})
		}
	}
}

// The two ways in which a start fails, under each policy.
func TestStartFailures(t *testing.T) {
	for _, policy := range []v1.RestartPolicy{v1.RestartPolicyAlways, v1.RestartPolicyOnFailure, v1.RestartPolicyNever} {
		m := newSim(t, podOf(policy, "a"), Config{})
		m.up()
		m.image("a")
		for range 3 { // no instance: made anew at every sync, attempt stays 0
			m.feed(StartFailed{At: m.now, Container: "a", Reason: ReasonCreateConfig, Message: "no user"})
			m.wantWaiting("a", "CreateContainerConfigError", "no user")
			m.wantPhase(v1.PodPending)
			m.fire()
			m.want(EnsureImage{"a"})
			m.image("a")
			m.want(Start{"a", 0})
		}
		m.feed(StartFailed{m.now, "a", "id1", ReasonRunContainer, "no such file"})
		if policy == v1.RestartPolicyNever {
			m.want(TearDown{})
			m.wantEnded("a", 128, "StartError")
			m.wantPhase(v1.PodFailed)
			continue
		}
		m.want(EnsureImage{"a"})
		m.wantWaiting("a", "RunContainerError", "no such file")
		m.wantPhase(v1.PodRunning) // kubectl says so, too: an instance has existed
		m.image("a")
		m.want(Start{"a", 1})
		m.feed(StartFailed{m.now, "a", "id2", ReasonRunContainer, "no such file"})
		m.wantWaiting("a", "CrashLoopBackOff", "back-off 10s restarting failed container=a pod=p_ns(u)")
	}
}

func TestSandboxIsTriedForEver(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyNever, "a"), Config{})
	m.feed(Begin{m.now})
	for range 5 {
		m.feed(SandboxFailed{m.now, "no bridge"})
		m.wantRecord(Record{"Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: no bridge", ""})
		m.wantPhase(v1.PodPending)
		if _, waited := m.fire(); waited != 10*time.Second {
			t.Fatalf("waited %v", waited)
		}
		m.want(CreateSandbox{})
	}
	m.feed(SandboxReady{At: m.now})
	m.want(EnsureImage{"a"})
}

func TestTimersOfThePodThatComeTooEarlyDoNothing(t *testing.T) {
	m := newSim(t, podOf(v1.RestartPolicyNever, "a", "b"), Config{StartGap: time.Minute})
	m.feed(Begin{m.now})
	m.feed(SandboxFailed{At: m.now})
	m.feed(TimerFired{m.now.Add(time.Second), Timer{Kind: TimerSandbox}})
	m.want()
	m.fire()
	m.feed(SandboxReady{At: m.now})
	m.run("a")
	m.image("b")
	m.feed(TimerFired{m.now.Add(time.Second), Timer{Kind: TimerGap}})
	m.want()
	m.fire()
	m.want(Start{"b", 0})
}
