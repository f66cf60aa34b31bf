package pod

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/manifest"
	"github.com/minipod/minipod/sandbox"
)

// process puts manifest and image together by the kubelet's rules for the
// environment and command (pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables;
// kuberuntime's ExpandContainerCommandAndArgs) and containerd's for what an
// image adds (internal/cri/opts, WithProcessArgs).
func (l *layout) process(c *v1.Container, img image.Image) (sandbox.Process, error) {
	config := img.Config
	env := map[string]string{}
	var own []string
	for _, e := range c.Env {
		// A variable sees those before it, not those of the image.
		value := manifest.Expand(e.Value, env)
		env[e.Name] = value
		own = append(own, e.Name+"="+value)
	}
	p := sandbox.Process{
		Argv: argv(c, config.Entrypoint, config.Cmd, env),
		Env:  mergeEnv([]string{"HOSTNAME=" + hostname(l.pod)}, config.Env, own),
		Dir:  c.WorkingDir,
		User: user(l.pod, c, config.User),
	}
	if p.Dir == "" {
		p.Dir = config.WorkingDir
	}
	if nonRoot(l.pod, c) {
		if err := verifyNonRoot(p.User); err != nil {
			return p, err
		}
	}
	if len(p.Argv) == 0 {
		return p, fmt.Errorf("image %s: %w", c.Image, sandbox.ErrNoCommand)
	}
	if s := c.SecurityContext; s != nil && s.AllowPrivilegeEscalation != nil {
		p.NoNewPrivileges = !*s.AllowPrivilegeEscalation
	}
	return p, nil
}

// argv: a command replaces entrypoint and cmd of the image, args alone the cmd.
func argv(c *v1.Container, entrypoint, cmd []string, env map[string]string) []string {
	command, args := expandAll(c.Command, env), expandAll(c.Args, env)
	if len(command) == 0 {
		command = entrypoint
		if len(args) == 0 {
			args = cmd
		}
	}
	return append(append([]string{}, command...), args...)
}

func expandAll(words []string, env map[string]string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = manifest.Expand(w, env)
	}
	return out
}

// mergeEnv joins lists of NAME=value; a later one replaces an earlier one of
// the same name in its place.
func mergeEnv(lists ...[]string) []string {
	var merged []string
	at := map[string]int{}
	for _, list := range lists {
		for _, e := range list {
			name, _, _ := strings.Cut(e, "=")
			if i, ok := at[name]; ok {
				merged[i] = e
				continue
			}
			at[name] = len(merged)
			merged = append(merged, e)
		}
	}
	return merged
}

// user: the container's securityContext goes before the pod's, and both before
// the image's USER (pkg/securitycontext/util.go, DetermineEffectiveSecurityContext).
func user(p *v1.Pod, c *v1.Container, image string) sandbox.User {
	u := sandbox.User{Image: image}
	if s := p.Spec.SecurityContext; s != nil {
		u.UID, u.GID = s.RunAsUser, s.RunAsGroup
	}
	if s := c.SecurityContext; s != nil {
		if s.RunAsUser != nil {
			u.UID = s.RunAsUser
		}
		if s.RunAsGroup != nil {
			u.GID = s.RunAsGroup
		}
	}
	return u
}

// nonRoot is the effective runAsNonRoot.
func nonRoot(p *v1.Pod, c *v1.Container) bool {
	if s := c.SecurityContext; s != nil && s.RunAsNonRoot != nil {
		return *s.RunAsNonRoot
	}
	s := p.Spec.SecurityContext
	return s != nil && s.RunAsNonRoot != nil && *s.RunAsNonRoot
}

// verifyNonRoot demands what the kubelet does before it starts a container
// (pkg/kubelet/kuberuntime/security_context.go, verifyRunAsNonRoot).
func verifyNonRoot(u sandbox.User) error {
	if u.UID != nil {
		if *u.UID == 0 {
			return errors.New("container's runAsUser breaks non-root policy")
		}
		return nil
	}
	name, _, _ := strings.Cut(u.Image, ":")
	if name == "" {
		name = "0"
	}
	uid, err := strconv.ParseUint(name, 10, 32)
	switch {
	case err != nil:
		return fmt.Errorf("container has runAsNonRoot and image has non-numeric user (%s), cannot verify user is non-root", name)
	case uid == 0:
		return errors.New("container has runAsNonRoot and image will run as root")
	}
	return nil
}

func readOnlyRoot(c *v1.Container) bool {
	s := c.SecurityContext
	return s != nil && s.ReadOnlyRootFilesystem != nil && *s.ReadOnlyRootFilesystem
}
