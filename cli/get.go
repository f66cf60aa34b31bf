package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/minipod/minipod/manifest"
	"github.com/minipod/minipod/state"
)

// getOptions is what the flags of `get` and `ps` say.
type getOptions struct {
	look
	output    string // "", wide, json, yaml, name
	noHeaders bool
	watch     bool
}

func (a *app) getCommand() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "list pods",
		ArgsUsage: "pods [NAME…] | pod/NAME…",
		Description: "The columns and STATUS words are kubectl's. A pod whose owner has died shows as Unknown. " +
			"-o json and -o yaml print Kubernetes' own objects, with a full status.",
		Flags:  getFlags(),
		Action: a.getAction(resourceArgs),
	}
}

func (a *app) psCommand() *cli.Command {
	return &cli.Command{
		Name:      "ps",
		Usage:     "list pods: the same as get pods",
		ArgsUsage: "[NAME…]",
		Flags:     getFlags(),
		Action:    a.getAction(func(c *cli.Context) ([]string, error) { return podArgs(c.Args().Slice()) }),
	}
}

func getFlags() []cli.Flag {
	return append(podLookFlags(),
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "how to print: `wide|json|yaml|name`"},
		&cli.BoolFlag{Name: "no-headers", Usage: "leave the headings of the columns out"},
		&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "go on, and print each pod again when it changes"},
		&cli.BoolFlag{Name: "show-all", Usage: "does nothing: ended pods are always shown"},
	)
}

func (a *app) getAction(names func(*cli.Context) ([]string, error)) cli.ActionFunc {
	return func(c *cli.Context) error {
		meant, err := names(c)
		if err != nil {
			return err
		}
		l, err := readLook(c, meant)
		if err != nil {
			return err
		}
		o := getOptions{look: l, output: c.String("output"), noHeaders: c.Bool("no-headers"), watch: c.Bool("watch")}
		if !slices.Contains([]string{"", "wide", "json", "yaml", "name"}, o.output) {
			return usage(fmt.Errorf("-o %s: minipod prints wide, json, yaml or name", o.output))
		}
		d, err := dirsOf(c)
		if err != nil {
			return err
		}
		if o.watch {
			return a.watchPods(c.Context, d, o)
		}
		pods, err := o.find(d)
		return errors.Join(a.printPods(pods, o, err == nil), err)
	}
}

// printPods prints what was found; complete says that nothing failed.
func (a *app) printPods(pods []state.Seen, o getOptions, complete bool) error {
	defer a.noteOrphans(pods, map[string]bool{})
	switch o.output {
	case "json", "yaml":
		if len(pods) == 0 && !complete {
			return nil
		}
		return a.printObjects(pods, o.output, len(o.names) == 1)
	case "name":
		for _, seen := range pods {
			fmt.Fprintf(a.Out, "pod/%s\n", seen.Pod.Name)
		}
		return nil
	}
	switch {
	case len(pods) > 0:
		rows := podRows(pods, o, time.Now())
		(&table{out: a.Out}).print(rows...)
	case complete:
		fmt.Fprintln(a.Err, noneFound(o.namespace))
	}
	return nil
}

// noneFound has kubectl's words.
func noneFound(namespace string) string {
	if namespace == "" {
		return "No resources found"
	}
	return "No resources found in " + namespace + " namespace."
}

// printObjects prints one pod as it is, or a List of pods.
func (a *app) printObjects(pods []state.Seen, format string, single bool) error {
	var object any
	if single && len(pods) == 1 {
		object = pods[0].Pod
	} else {
		list := v1.List{TypeMeta: metav1.TypeMeta{Kind: "List", APIVersion: "v1"}, Items: []runtime.RawExtension{}}
		for _, seen := range pods {
			var raw bytes.Buffer
			enc := json.NewEncoder(&raw)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(seen.Pod); err != nil {
				return fmt.Errorf("pod %s as JSON: %w", seen.Pod.Name, err)
			}
			list.Items = append(list.Items, runtime.RawExtension{Raw: raw.Bytes()})
		}
		object = &list
	}
	text, err := manifest.Encode(object, format)
	if err != nil {
		return err
	}
	_, err = a.Out.Write(text)
	return err
}
