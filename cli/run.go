package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/lifecycle"
	"github.com/minipod/minipod/manifest"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/volume"
)

// runOptions is what the flags of `run` say.
type runOptions struct {
	settings pod.Settings
	shuffle  bool
	seed     uint64
	replace  bool
	dryRun   string // "", plan, yaml
	explain  bool
	wait     string // "", ready, completed
	timeout  time.Duration
	images   []string
}

func (a *app) runCommand() *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "bring the pods of manifests to life, in the foreground",
		ArgsUsage: "FILE|DIRECTORY|-…",
		Description: "Logs of all containers go to standard output, each line with its container's name. " +
			"Ctrl-C ends the pods in order, a second one kills them. The exit code is that of the first container " +
			"that made a pod fail, also of one that somebody else deleted; 124 after --timeout; 125 if minipod itself could not.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "wait", Usage: "end the pods and return when they are `ready|completed`"},
			&cli.DurationFlag{Name: "timeout", Usage: "end the pods after `D` and exit with 124"},
			&cli.BoolFlag{Name: "replace", Usage: "end pods of the same names first"},
			&cli.StringSliceFlag{Name: "image", Usage: "`NAME=ARCHIVE`: load this archive for that image name"},
			&cli.StringFlag{Name: "pull", Usage: "`always|missing|never`, whatever imagePullPolicy says"},
			&cli.StringFlag{Name: "emptydir-medium", Value: "memory", Usage: "what emptyDir's medium \"\" means: `memory|disk`"},
			&cli.DurationFlag{Name: "start-gap", Usage: "wait `D` between the starts of a pod's containers"},
			&cli.StringFlag{Name: "order", Value: "spec", Usage: "start order of the containers: `spec|shuffle`"},
			&cli.Uint64Flag{Name: "seed", Usage: "`N` makes --order shuffle repeatable"},
			&cli.Float64Flag{Name: "time-scale", Value: 1, Usage: "back-offs and grace periods run `F` times as fast"},
			&cli.DurationFlag{Name: "max-restart-backoff", Usage: "cap of the crash-loop back-off, as the kubelet's maxContainerRestartPeriod (`1s-300s`)"},
			&cli.BoolFlag{Name: "keep", Usage: "leave ended pods for logs and describe"},
			&cli.GenericFlag{Name: "dry-run", Value: &optional{"plan", ""}, Usage: "print the plan (=`plan`) or the defaulted manifest (=yaml), and change nothing"},
			&cli.BoolFlag{Name: "explain", Usage: "print each step as it is done, with its time"},
		},
		Action: func(c *cli.Context) error {
			opt, err := readRunOptions(c)
			if err != nil {
				return usage(err)
			}
			return unable(a.run(c, opt))
		},
	}
}

// optional is a flag whose value may be left out.
type optional struct{ implied, value string }

func (o *optional) Set(v string) error {
	if o.value = v; v == "true" || v == "" {
		o.value = o.implied
	}
	return nil
}
func (o *optional) String() string   { return o.value }
func (o *optional) IsBoolFlag() bool { return true }

var pullPolicies = map[string]v1.PullPolicy{"": "", "always": v1.PullAlways, "missing": v1.PullIfNotPresent, "never": v1.PullNever}

func readRunOptions(c *cli.Context) (runOptions, error) {
	if c.NArg() == 0 {
		return runOptions{}, errors.New("run needs a manifest: a file, a directory, or - for standard input")
	}
	o := runOptions{
		settings: pod.Settings{
			FailFast: true, Keep: c.Bool("keep"), EmptyDirMedium: volume.Medium(c.String("emptydir-medium")),
			Lifecycle: lifecycle.Config{
				StartGap: c.Duration("start-gap"), TimeScale: c.Float64("time-scale"), MaxBackoff: c.Duration("max-restart-backoff"),
			},
		},
		shuffle: c.String("order") == "shuffle", seed: c.Uint64("seed"), replace: c.Bool("replace"),
		dryRun: c.Generic("dry-run").(*optional).value, explain: c.Bool("explain"),
		wait: c.String("wait"), timeout: c.Duration("timeout"), images: c.StringSlice("image"),
	}
	if o.shuffle && !c.IsSet("seed") {
		o.seed = uint64(time.Now().UnixNano())
	}
	policy, known := pullPolicies[c.String("pull")]
	o.settings.Pull = policy
	return o, errors.Join(
		oneOf("--pull", known, "always, missing or never"),
		oneOf("--order", o.shuffle || c.String("order") == "spec", "spec or shuffle"),
		oneOf("--wait", o.wait == "" || o.wait == "ready" || o.wait == "completed", "ready or completed"),
		oneOf("--dry-run", o.dryRun == "" || o.dryRun == "plan" || o.dryRun == "yaml", "plan or yaml"),
		oneOf("--emptydir-medium", o.settings.EmptyDirMedium == volume.Memory || o.settings.EmptyDirMedium == volume.Disk, "memory or disk"))
}

func oneOf(flag string, ok bool, words string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s takes %s", flag, words)
}

// run reads the manifests, and does with their pods what the options say.
func (a *app) run(c *cli.Context, o runOptions) error {
	set, err := a.load(c, c.Args().Slice())
	if err != nil {
		return err
	}
	if len(set.Pods) == 0 {
		return errors.New("the manifest holds no Pod to run")
	}
	for _, w := range set.Warnings {
		a.warnFinding(w)
	}
	if o.dryRun == "yaml" {
		return a.printManifest(set)
	}
	h, err := a.host(c)
	if err != nil {
		return err
	}
	if o.dryRun == "plan" {
		return a.printPlan(h, set, o)
	}
	if err := a.loadImages(c.Context, h, o.images); err != nil {
		return err
	}
	return a.foreground(c.Context, h, set, o)
}

// load reads and checks manifests as the global flags say.
func (a *app) load(c *cli.Context, args []string) (*manifest.Set, error) {
	if gates := c.String("feature-gates"); gates != "" {
		if err := manifest.SetFeatureGates(gates); err != nil {
			return nil, usage(err)
		}
	}
	sources, err := manifest.Read(args, a.In)
	if err != nil {
		return nil, err
	}
	return manifest.Load(sources, manifest.Options{Namespace: c.String("namespace"), OneNamespace: c.IsSet("namespace")})
}

func (a *app) printManifest(set *manifest.Set) error {
	var objects []any
	for _, m := range set.ConfigMaps {
		objects = append(objects, m)
	}
	for _, p := range set.Pods {
		objects = append(objects, p)
	}
	for i, o := range objects {
		text, err := manifest.Encode(o, "yaml")
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(a.Out, "---")
		}
		fmt.Fprintf(a.Out, "%s", text)
	}
	return nil
}

func (a *app) printPlan(h *pod.Host, set *manifest.Set, o runOptions) error {
	for _, p := range set.Pods {
		lines, err := pod.Plan(h, p, o.settingsFor(set, p))
		if err != nil {
			return fmt.Errorf("pod %s: %w", p.Name, err)
		}
		fmt.Fprintf(a.Out, "pod/%s\n", p.Name)
		for _, l := range lines {
			fmt.Fprintf(a.Out, "  %s\n", l)
		}
	}
	return nil
}

// settingsFor makes the settings of one pod of the set.
func (o *runOptions) settingsFor(set *manifest.Set, p *v1.Pod) pod.Settings {
	s := o.settings
	s.ConfigMap = configMapsOf(set, p)
	if o.shuffle {
		for _, c := range p.Spec.Containers {
			s.Lifecycle.Order = append(s.Lifecycle.Order, c.Name)
		}
		r := rand.New(rand.NewPCG(o.seed, 0))
		r.Shuffle(len(s.Lifecycle.Order), func(i, j int) {
			l := s.Lifecycle.Order
			l[i], l[j] = l[j], l[i]
		})
	}
	return s
}

// configMapsOf finds the ConfigMaps of the set that are in the pod's namespace.
func configMapsOf(set *manifest.Set, p *v1.Pod) func(name string) *v1.ConfigMap {
	return func(name string) *v1.ConfigMap {
		for _, m := range set.ConfigMaps {
			if m.Name == name && m.Namespace == p.Namespace {
				return m
			}
		}
		return nil
	}
}

// claimAll takes the names of all pods, or of none, so that a conflict is
// found before anything starts.
func (a *app) claimAll(ctx context.Context, h *pod.Host, set *manifest.Set, o runOptions, observe func(*v1.Pod) pod.Observer) ([]*pod.Owner, error) {
	var owners []*pod.Owner
	for _, p := range set.Pods {
		if o.replace {
			if err := deleteIfThere(ctx, h, p); err != nil {
				return nil, errors.Join(err, closeAll(owners))
			}
		}
		own, err := pod.Claim(h, p, o.settingsFor(set, p), observe(p))
		if err != nil {
			return nil, errors.Join(existsAdvice(set, p, err), closeAll(owners))
		}
		owners = append(owners, own)
	}
	return owners, nil
}

func closeAll(owners []*pod.Owner) error {
	var err error
	for _, o := range owners {
		err = errors.Join(err, o.Close())
	}
	return err
}

func existsAdvice(set *manifest.Set, p *v1.Pod, err error) error {
	if errors.Is(err, pod.ErrExists) {
		return fmt.Errorf("%w; `minipod delete pod %s` or run --replace", err, p.Name)
	}
	f := set.Finding(p, "", err.Error())
	if f.File == "" {
		return err
	}
	return fmt.Errorf("%s:%d: pod %s: %w", f.File, f.Line, p.Name, err)
}
