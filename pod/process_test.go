package pod

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/minipod/minipod/image"
)

// The four rows of the kubelet's table for command and args
// (pkg/apis/core/types.go, Container.Command), and expansion in both.
func TestArgv(t *testing.T) {
	entrypoint, cmd := []string{"/entry"}, []string{"one", "two"}
	env := map[string]string{"A": "x"}
	tests := []struct {
		command, args []string
		want          string
	}{
		{nil, nil, "/entry one two"},
		{nil, []string{"three"}, "/entry three"},
		{[]string{"run"}, nil, "run"},
		{[]string{"run"}, []string{"three"}, "run three"},
		{[]string{"$(A)", "$$(A)", "$(B)"}, []string{"$(A)$(A)"}, "x $(A) $(B) xx"},
		{nil, []string{"$(A)"}, "/entry x"},
	}
	for _, tt := range tests {
		got := argv(&corev1.Container{Command: tt.command, Args: tt.args}, entrypoint, cmd, env)
		if strings.Join(got, " ") != tt.want {
			t.Errorf("command %q, args %q: got %q, want %q", tt.command, tt.args, got, tt.want)
		}
	}
}

// The manifest's variables go before the image's, and see each other in order,
// but not the image's.
func TestEnvironment(t *testing.T) {
	l := &layout{pod: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}}}
	c := &corev1.Container{Env: []corev1.EnvVar{
		{Name: "A", Value: "1"},
		{Name: "B", Value: "$(A)2"},
		{Name: "PATH", Value: "/mine"},
		{Name: "C", Value: "$(PATH) $(IMAGE) $(D)"},
		{Name: "D", Value: "late"},
		{Name: "A", Value: "again"},
	}}
	p, err := l.process(c, image.Image{Config: v1.Config{
		Cmd: []string{"sh"}, Env: []string{"PATH=/bin", "IMAGE=i", "HOSTNAME=other"}, WorkingDir: "/w", User: "web",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"HOSTNAME=other", "PATH=/mine", "IMAGE=i", "A=again", "B=12", "C=/mine $(IMAGE) $(D)", "D=late"}
	if !slices.Equal(p.Env, want) {
		t.Errorf("environment\n%q, want\n%q", p.Env, want)
	}
	if p.Dir != "/w" || p.User.Image != "web" {
		t.Errorf("directory %q, user %q", p.Dir, p.User.Image)
	}
	if _, err := l.process(c, image.Image{}); err == nil {
		t.Error("an image without a command and a manifest without one make a process")
	}
}

func TestStopSignal(t *testing.T) {
	for text, want := range map[string]syscall.Signal{
		"": syscall.SIGTERM, "SIGQUIT": syscall.SIGQUIT, "quit": syscall.SIGQUIT, "3": syscall.SIGQUIT,
		"SIGRTMIN+3": 37, "RTMAX-1": 63, "SIGRTMIN": 34, "SIGRTMIN+31": syscall.SIGTERM, "0": syscall.SIGTERM, "65": syscall.SIGTERM, "nonsense": syscall.SIGTERM,
	} {
		if got := stopSignal(new(corev1.Container), image.Image{Config: v1.Config{StopSignal: text}}); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestHostname(t *testing.T) {
	long := strings.Repeat("x", 62) + "-" + strings.Repeat("y", 30)
	for name, want := range map[string]string{"web": "web", long: strings.Repeat("x", 62)} {
		if got := hostname(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}); got != want {
			t.Errorf("pod %s: hostname %s, want %s", name, got, want)
		}
	}
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.PodSpec{Hostname: "other"}}
	if got := hostname(p); got != "other" {
		t.Errorf("hostname %s", got)
	}
}
