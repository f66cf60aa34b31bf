package pod

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/cgroup"
	"github.com/minipod/minipod/image"
	"github.com/minipod/minipod/ipc"
	"github.com/minipod/minipod/kernel"
	"github.com/minipod/minipod/netns"
	"github.com/minipod/minipod/plan"
	"github.com/minipod/minipod/sandbox"
	"github.com/minipod/minipod/state"
	"github.com/minipod/minipod/volume"
)

// kinds are all steps that can stand in a pod's journal.
var kinds = plan.NewKinds(append(volume.Steps(),
	&sandbox.Ground{}, &sandbox.UTS{}, &sandbox.Mounts{}, &sandbox.Scratch{}, &sandbox.Container{},
	&netns.Namespace{}, &ipc.Namespace{}, &ipc.Shm{}, &cgroup.Group{})...)

// layout is how one pod is built on this host: decided before anything is done.
type layout struct {
	pod     *v1.Pod
	host    *Host
	ground  *sandbox.Ground
	pins    sandbox.Pins
	volumes volume.Volumes
	cgroup  string
	etc     map[string]string
}

func newLayout(h *Host, p *v1.Pod, s Settings) (*layout, error) {
	parent, err := cgroup.Parent()
	if err != nil {
		return nil, err
	}
	ram, err := kernel.RAM()
	if err != nil {
		return nil, err
	}
	l := &layout{
		pod: p, host: h,
		ground: &sandbox.Ground{Dir: filepath.Join(h.Dirs.Run, "ns"), UID: string(p.UID)},
		cgroup: filepath.Join(parent, "pod"+string(p.UID)),
	}
	l.pins = l.ground.Pins()
	if p.Spec.HostNetwork {
		// As containerd does: the host's hostname goes with its network.
		l.pins.Net, l.pins.UTS = "", ""
	}
	if l.etc, err = etcFiles(p); err != nil {
		return nil, err
	}
	l.volumes, err = volume.FromPod(p, volume.Options{
		Pin: l.pins.Mount, DiskRoot: filepath.Join(l.scratchRoot(), diskVolumes),
		EmptyDirMedium: s.EmptyDirMedium, HalfOfRAM: ram / 2, ConfigMap: s.ConfigMap,
	})
	return l, err
}

// scratchRoot holds what the pod keeps on disk while it lives.
func (l *layout) scratchRoot() string { return scratchOf(l.host.Dirs, l.pod) }

func scratchOf(d state.Dirs, p *v1.Pod) string {
	return filepath.Join(d.Root, "pods", scratchPrefix(d)+string(p.UID))
}

// scratchPrefix tells the pods of one run root: two that share a root (for its
// images) must not sweep what the other's pods have on disk.
func scratchPrefix(d state.Dirs) string {
	sum := sha256.Sum256([]byte(d.Run))
	return hex.EncodeToString(sum[:4]) + "-"
}

// DiskVolume is where an emptyDir has its files, if it is on disk.
func DiskVolume(d state.Dirs, p *v1.Pod, name string) string {
	return filepath.Join(scratchOf(d, p), diskVolumes, name)
}

// diskVolumes cannot be the name of a container: those have no dots.
const diskVolumes = ".volumes"

// sandboxSteps make everything that the containers share: first what the rest
// stands on, then two lists that do not need each other.
func (l *layout) sandboxSteps() (first, network, rest []plan.Step) {
	first = []plan.Step{l.ground, &cgroup.Group{Dir: l.cgroup, Of: "pod " + l.pod.Name}}
	if l.pins.Net != "" {
		network = append(network, &netns.Namespace{Pin: l.pins.Net})
	}
	rest = append(rest, &ipc.Namespace{Pin: l.pins.IPC})
	if l.pins.UTS != "" {
		rest = append(rest, &sandbox.UTS{Pin: l.pins.UTS, Hostname: hostname(l.pod)})
	}
	rest = append(rest,
		&sandbox.Mounts{Template: l.ground.Template(), Pin: l.pins.Mount, Etc: l.etc},
		&ipc.Shm{Mount: l.pins.Mount, Size: ipc.ShmSize})
	return first, network, append(rest, l.volumes.Steps...)
}

// containerSteps make one instance of a container, in this order: what it has
// on disk and in the run directory, its group, which goes (with all processes)
// before that, and its process.
func (l *layout) containerSteps(c *v1.Container, attempt int32, img image.Image) (*sandbox.Scratch, *cgroup.Group, *sandbox.Container, error) {
	of := l.pod.Name + "/" + c.Name
	n := strconv.Itoa(int(attempt))
	group := &cgroup.Group{Dir: filepath.Join(l.cgroup, c.Name), Of: "container " + of}
	scratch := &sandbox.Scratch{
		Of:    of,
		Dir:   filepath.Join(l.scratchRoot(), c.Name+"."+n),
		Pipes: filepath.Join(l.host.Dirs.ContainerDir(l.pod.Namespace, l.pod.Name, c.Name), n),
	}
	mounts, err := l.volumes.MountsOf(c)
	if err != nil {
		return nil, nil, nil, err
	}
	process, err := l.process(c, img)
	if err != nil {
		return nil, nil, nil, err
	}
	container := &sandbox.Container{
		Of: of, Cgroup: group.Dir, Pins: l.pins, Mounts: mounts, Etc: l.managedEtc(c), Process: process,
		Root: sandbox.Root{
			LayerRoot: l.host.Images.LayerRoot(), Layers: img.LayerDirs, Skeleton: l.ground.Skeleton(), Scratch: *scratch, ReadOnly: readOnlyRoot(c),
		},
		Stdout: scratch.Stdout(), Stderr: scratch.Stderr(), Message: c.TerminationMessagePath,
	}
	return scratch, group, container, nil
}

// managedEtc lists the files of /etc that no volume of the container replaces.
func (l *layout) managedEtc(c *v1.Container) []string {
	var names []string
	for _, name := range []string{"hosts", "hostname", "resolv.conf"} {
		if !mountedAt(c, "/etc/"+name) {
			names = append(names, name)
		}
	}
	return names
}

func mountedAt(c *v1.Container, path string) bool {
	for _, m := range c.VolumeMounts {
		if filepath.Clean(m.MountPath) == path {
			return true
		}
	}
	return false
}

// Plan lists, without doing anything, the lines of what Run would do to start
// the pod once.
func Plan(h *Host, p *v1.Pod, s Settings) ([]string, error) {
	p = admit(p)
	l, err := newLayout(h, p, s)
	if err != nil {
		return nil, err
	}
	var lines []string
	first, network, rest := l.sandboxSteps()
	for _, step := range slices.Concat(first, network, rest) {
		lines = append(lines, step.String())
	}
	for _, c := range inOrder(p, s.Lifecycle.Order) {
		more, err := l.planContainer(c)
		if err != nil {
			return nil, fmt.Errorf("container %s: %w", c.Name, err)
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

func (l *layout) planContainer(c *v1.Container) ([]string, error) {
	img, err := l.host.Images.Resolve(c.Image)
	if errors.Is(err, image.ErrNotFound) {
		return []string{fmt.Sprintf("image    %s: not here yet; container %s waits for it", c.Image, c.Name)}, nil
	}
	if err != nil {
		return nil, err
	}
	lines := []string{fmt.Sprintf("image    %s: present, %d layers", c.Image, len(img.LayerDirs))}
	scratch, group, container, err := l.containerSteps(c, 0, img)
	if err != nil {
		return nil, err
	}
	for _, step := range []plan.Step{scratch, group, container} {
		lines = append(lines, step.String())
	}
	return lines, nil
}

// inOrder gives the pod's containers in the order of their first starts: init
// containers in that of the spec, then the main ones.
func inOrder(p *v1.Pod, order []string) []*v1.Container {
	var containers []*v1.Container
	for i := range p.Spec.InitContainers {
		containers = append(containers, &p.Spec.InitContainers[i])
	}
	if len(order) == 0 {
		for i := range p.Spec.Containers {
			containers = append(containers, &p.Spec.Containers[i])
		}
		return containers
	}
	for _, name := range order {
		if c := find(p, name); c != nil {
			containers = append(containers, c)
		}
	}
	return containers
}

// startingFirst are those that start when the sandbox is there.
func startingFirst(p *v1.Pod, order []string) []*v1.Container {
	all := inOrder(p, order)
	if len(p.Spec.InitContainers) > 0 {
		return all[:1]
	}
	return all
}

// find gives the container of that name, of whatever kind.
func find(p *v1.Pod, name string) *v1.Container {
	for _, list := range [][]v1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

func nodeName() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}
