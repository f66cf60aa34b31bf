package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/minipod/minipod/state"
)

// look is which pods a command that looks is about.
type look struct {
	namespace string   // "" for all
	names     []string // none for all
	selector  labels.Selector
}

// orphanNote is why a pod's status is not known. It stands in the status, so
// that -o json tells it too.
const (
	orphanReason  = "OwnerLost"
	orphanMessage = "the process that looked after this pod has died; its containers may still run"
)

// find reads the pods, from files: no process is asked. The error joins one for
// each name that is not there; what was found is returned with it.
func (l look) find(d state.Dirs) ([]state.Seen, error) {
	var found []state.Seen
	var errs []error
	if len(l.names) == 0 {
		all, err := state.List(d, l.namespace)
		found, errs = all, append(errs, err)
	}
	for _, name := range l.names {
		seen, err := state.Get(d, l.namespace, name)
		switch {
		case errors.Is(err, state.ErrNotFound):
			errs = append(errs, fmt.Errorf("pods %q not found", name))
		case err != nil:
			errs = append(errs, err)
		default:
			found = append(found, seen)
		}
	}
	var chosen []state.Seen
	for _, seen := range found {
		if l.selector == nil || l.selector.Matches(labels.Set(seen.Pod.Labels)) {
			chosen = append(chosen, admitted(seen))
		}
	}
	return chosen, errors.Join(errs...)
}

// admitted gives a pod its kind, and says of an orphan that nothing is known.
func admitted(seen state.Seen) state.Seen {
	seen.Pod.Kind, seen.Pod.APIVersion = "Pod", "v1"
	if seen.Orphan() {
		s := &seen.Pod.Status
		s.Phase, s.Reason, s.Message = v1.PodUnknown, orphanReason, orphanMessage
	}
	return seen
}

// noteOrphans says, once for each, what to do about pods without an owner.
func (a *app) noteOrphans(pods []state.Seen, said map[string]bool) {
	for _, seen := range pods {
		id := string(seen.Pod.UID)
		if !seen.Orphan() || said[id] {
			continue
		}
		said[id] = true
		namespace := ""
		if seen.Pod.Namespace != v1.NamespaceDefault {
			namespace = " -n " + seen.Pod.Namespace
		}
		fmt.Fprintf(a.Err, "pod %s: %s: `minipod delete pod %s%s` or `minipod gc` ends and undoes it\n",
			seen.Pod.Name, orphanMessage, seen.Pod.Name, namespace)
	}
}

// podArgs reads NAME… and pod/NAME….
func podArgs(args []string) ([]string, error) {
	var names []string
	for _, arg := range args {
		kind, name, ok := strings.Cut(arg, "/")
		if ok && !isPodWord(kind) {
			return nil, usage(fmt.Errorf("minipod has no resource type %q; it has pods", kind))
		}
		if !ok {
			name = arg
		}
		if name == "" {
			return nil, usage(errors.New("a pod's name is empty"))
		}
		names = append(names, name)
	}
	return names, nil
}

// resourceArgs reads what follows get and describe: `pods NAME…` or `pod/NAME…`.
func resourceArgs(c *cli.Context) ([]string, error) {
	args := c.Args().Slice()
	if len(args) == 0 {
		return nil, usage(fmt.Errorf("%s what? minipod %s %s", c.Command.Name, c.Command.Name, c.Command.ArgsUsage))
	}
	if isPodWord(args[0]) {
		return podArgs(args[1:])
	}
	if !strings.Contains(args[0], "/") {
		return nil, usage(fmt.Errorf("minipod has no resource type %q; it has pods", args[0]))
	}
	return podArgs(args)
}

// podLookFlags are those of every command that looks at several pods.
func podLookFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "all-namespaces", Aliases: []string{"A"}, Usage: "pods of every namespace"},
		&cli.StringFlag{Name: "selector", Aliases: []string{"l"}, Usage: "only pods whose labels match `SELECTOR`, as in app=web,tier!=test"},
	}
}

func readLook(c *cli.Context, names []string) (look, error) {
	l := look{namespace: c.String("namespace"), names: names}
	if c.Bool("all-namespaces") {
		l.namespace = ""
		if len(names) > 0 {
			return l, usage(errors.New("a pod cannot be looked up by name across all namespaces"))
		}
	}
	if text := c.String("selector"); text != "" {
		if len(names) > 0 {
			return l, usage(errors.New("a name and a selector cannot be given together"))
		}
		selector, err := labels.Parse(text)
		if err != nil {
			return l, usage(fmt.Errorf("--selector: %w", err))
		}
		l.selector = selector
	}
	return l, nil
}
