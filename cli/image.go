package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/urfave/cli/v2"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/manifest"
	"github.com/minipod/minipod/pod"
	"github.com/minipod/minipod/state"
	"github.com/minipod/minipod/volume"
)

func (a *app) imageCommand() *cli.Command {
	return &cli.Command{
		Name:  "image",
		Usage: "take in, list and remove images",
		Subcommands: []*cli.Command{
			{
				Name: "load", Usage: "take in images from archives", ArgsUsage: "ARCHIVE…", Action: a.withImages(1, a.imageLoad),
				Description: "An ARCHIVE is an OCI archive, an OCI layout directory, or what docker save writes.",
			},
			{
				Name: "import", Usage: "make an image from the tarball of a root filesystem", ArgsUsage: "NAME ROOTFS.tar[.gz|.zst]",
				Flags: importFlags(), Action: a.withImages(2, a.imageImport),
			},
			{Name: "pull", Usage: "fetch images from registries", ArgsUsage: "NAME…", Action: a.withImages(1, a.imagePull), Flags: []cli.Flag{
				&cli.StringFlag{Name: "platform", Usage: "`OS/ARCH[/VARIANT]` instead of this machine's"},
			}},
			{Name: "save", Usage: "write images as an OCI archive", ArgsUsage: "NAME…", Action: a.withImages(1, a.imageSave), Flags: []cli.Flag{
				&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FILE`; without it standard output"},
			}},
			{Name: "ls", Aliases: []string{"list"}, Usage: "list images", Action: a.withImages(0, a.imageList)},
			{Name: "inspect", Usage: "print what is known of an image, as JSON", ArgsUsage: "NAME", Action: a.withImages(1, a.imageInspect)},
			{Name: "rm", Usage: "remove names, and images without any", ArgsUsage: "NAME…", Action: a.withImages(1, a.imageRemove)},
			{Name: "prune", Usage: "remove images without a name that no pod uses", Action: a.withImages(0, a.imagePrune)},
		},
	}
}

func importFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "cmd", Usage: "`WORD` of the default arguments; repeat it for each"},
		&cli.StringSliceFlag{Name: "entrypoint", Usage: "`WORD` of the entrypoint; repeat it for each"},
		&cli.StringSliceFlag{Name: "env", Usage: "`NAME=VALUE` of the environment"},
		&cli.StringFlag{Name: "workdir", Usage: "working `DIR`"},
		&cli.StringFlag{Name: "user", Usage: "`USER[:GROUP]` of the process"},
		&cli.StringFlag{Name: "stop-signal", Usage: "`SIGNAL` that ends the process in order"},
	}
}

// withImages checks the number of arguments and opens the host's images.
func (a *app) withImages(args int, act func(c *cli.Context, h *pod.Host) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if c.NArg() < args || args == 0 && c.NArg() > 0 {
			return usage(fmt.Errorf("minipod image %s %s", c.Command.Name, c.Command.ArgsUsage))
		}
		h, err := a.host(c)
		if err != nil {
			return err
		}
		return act(c, h)
	}
}

func (a *app) imageLoad(c *cli.Context, h *pod.Host) error {
	for _, path := range c.Args().Slice() {
		images, err := h.Images.Load(c.Context, path)
		if err != nil {
			return err
		}
		for _, img := range images {
			for _, name := range img.Names {
				fmt.Fprintf(a.Out, "Loaded image: %s\n", name)
			}
			if len(img.Names) == 0 {
				fmt.Fprintf(a.Out, "Loaded image: %s\n", img.ID)
			}
		}
	}
	return nil
}

func (a *app) imageImport(c *cli.Context, h *pod.Host) error {
	img, err := h.Images.Import(c.Context, c.Args().Get(0), c.Args().Get(1), v1.Config{
		Cmd: c.StringSlice("cmd"), Entrypoint: c.StringSlice("entrypoint"), Env: c.StringSlice("env"),
		WorkingDir: c.String("workdir"), User: c.String("user"), StopSignal: c.String("stop-signal"),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(a.Out, img.ID)
	return nil
}

func (a *app) imagePull(c *cli.Context, h *pod.Host) error {
	var platform v1.Platform
	if text := c.String("platform"); text != "" {
		p, err := v1.ParsePlatform(text)
		if err != nil {
			return usage(fmt.Errorf("--platform: %w", err))
		}
		platform = *p
	}
	for _, name := range c.Args().Slice() {
		img, err := h.Images.Pull(c.Context, name, image.PullOptions{Platform: platform})
		if err != nil {
			return err
		}
		fmt.Fprintln(a.Out, img.ID)
	}
	return nil
}

func (a *app) imageSave(c *cli.Context, h *pod.Host) error {
	path := c.String("output")
	if path == "" || path == "-" {
		return h.Images.Save(c.Context, c.Args().Slice(), a.Out)
	}
	f, err := os.CreateTemp(dirOf(path), ".minipod-save-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = h.Images.Save(c.Context, c.Args().Slice(), f)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i+1]
	}
	return "."
}

func (a *app) imageList(_ *cli.Context, h *pod.Host) error {
	images, err := h.Images.List()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.Out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(w, "NAME\tIMAGE ID\tCREATED\tSIZE")
	for _, img := range images {
		created := "<unknown>"
		if !img.Created.IsZero() {
			created = duration.HumanDuration(time.Since(img.Created)) + " ago"
		}
		id := strings.TrimPrefix(img.ID, "sha256:")[:12]
		names := img.Names
		if len(names) == 0 {
			names = []string{"<none>"}
		}
		for _, name := range names {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, id, created, volume.FormatSize(img.Size))
		}
	}
	return w.Flush()
}

func (a *app) imageInspect(c *cli.Context, h *pod.Host) error {
	var all []image.Details
	for _, name := range c.Args().Slice() {
		d, err := h.Images.Inspect(name)
		if err != nil {
			return err
		}
		all = append(all, d)
	}
	text, err := manifest.Encode(all, "json")
	if err != nil {
		return err
	}
	_, err = a.Out.Write(text)
	return err
}

func (a *app) imageRemove(c *cli.Context, h *pod.Host) error {
	removed, err := h.Images.Remove(c.Context, c.Args().Slice(), usedBy(h))
	a.printRemoved(removed)
	return err
}

func (a *app) imagePrune(c *cli.Context, h *pod.Host) error {
	removed, err := h.Images.Prune(c.Context, usedBy(h))
	a.printRemoved(removed)
	return err
}

func (a *app) printRemoved(r image.Removed) {
	for _, name := range r.Untagged {
		fmt.Fprintf(a.Out, "Untagged: %s\n", name)
	}
	for _, id := range r.Deleted {
		fmt.Fprintf(a.Out, "Deleted: %s\n", id)
	}
}

// usedBy tells which images the host's pods use. A pod whose files cannot be
// read counts as a user of every image.
func usedBy(h *pod.Host) func(id string) bool {
	return func(id string) bool {
		pods, err := state.List(h.Dirs, "")
		if err != nil {
			return true
		}
		for _, seen := range pods {
			if seen.Finished {
				continue
			}
			for _, s := range statusesOf(seen.Pod) {
				if s.ImageID == id {
					return true
				}
			}
			for _, spec := range slices.Concat(seen.Pod.Spec.InitContainers, seen.Pod.Spec.Containers) {
				if img, err := h.Images.Resolve(spec.Image); err == nil && img.ID == id {
					return true
				}
			}
		}
		return false
	}
}

// loadImages obeys --image NAME=ARCHIVE.
func (a *app) loadImages(ctx context.Context, h *pod.Host, assignments []string) error {
	for _, text := range assignments {
		name, path, ok := strings.Cut(text, "=")
		if !ok {
			return usage(fmt.Errorf("--image takes NAME=ARCHIVE, not %q", text))
		}
		if _, err := h.Images.LoadAs(ctx, path, name); err != nil {
			return fmt.Errorf("--image %s: %w", text, err)
		}
	}
	return nil
}
