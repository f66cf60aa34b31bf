package cli

import (
	"slices"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// valuesOf proposes values of the flag that was typed last. None means that
// the shell completes names of files.
func (a *app) valuesOf(c *cli.Context, t typed) []string {
	switch t.value {
	case "container", "c":
		return containersOf(a.podsNow(c, t.namespace), t.rest)
	case "output", "o":
		if t.command != nil && (t.command.Name == "get" || t.command.Name == "ps") {
			return []string{"json", "name", "wide", "yaml"}
		}
	case "wait":
		return []string{"completed", "ready"}
	case "pull":
		return []string{"always", "missing", "never"}
	case "order":
		return []string{"shuffle", "spec"}
	case "emptydir-medium":
		return []string{"disk", "memory"}
	}
	return nil
}

// argumentsOf proposes arguments of a command: kinds of objects, pods, words.
func (a *app) argumentsOf(c *cli.Context, t typed) []string {
	if t.command == nil {
		return nil
	}
	switch t.command.Name {
	case "completion":
		return []string{"bash", "fish", "zsh"}
	case "help":
		return commandWords(c.App.Commands)
	case "get", "describe":
		if len(t.rest) == 0 {
			return []string{"pods"}
		}
		return podNames(a.podsNow(c, t.namespace))
	case "ps", "delete":
		return podNames(a.podsNow(c, t.namespace))
	case "logs", "exec":
		if len(t.rest) == 0 {
			return podNames(a.podsNow(c, t.namespace))
		}
	}
	return nil
}

// podsNow are the pods of the namespace; none if they cannot be read: a
// completion has nobody to complain to.
func (a *app) podsNow(c *cli.Context, namespace string) []*v1.Pod {
	d, err := dirsOf(c)
	if err != nil {
		return nil
	}
	seen, _ := state.List(d, namespace)
	var pods []*v1.Pod
	for _, s := range seen {
		pods = append(pods, s.Pod)
	}
	return pods
}

func podNames(pods []*v1.Pod) []string {
	var names []string
	for _, p := range pods {
		names = append(names, p.Name)
	}
	return names
}

// containersOf are the containers of the pod that was named, or of all.
func containersOf(pods []*v1.Pod, named []string) []string {
	var names []string
	for _, p := range pods {
		if len(named) > 0 && named[0] != p.Name {
			continue
		}
		for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
