package volume

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/plan"
)

// Medium is where an emptyDir whose medium is "" lives.
type Medium string

// The media of --emptydir-medium. The zero value means Memory.
const (
	Memory Medium = "memory"
	Disk   Medium = "disk"
)

// Options is what FromPod has to know besides the pod.
type Options struct {
	Pin      string // path of the pin of the pod's mount namespace
	DiskRoot string // absolute directory of this pod alone for volumes on disk; made when needed
	// EmptyDirMedium is what medium "" means.
	EmptyDirMedium Medium
	HalfOfRAM      int64 // bytes; see EmptyDirSize
	// ConfigMap finds a ConfigMap in the pod's namespace, nil if there is
	// none. It may be nil itself.
	ConfigMap func(name string) *v1.ConfigMap
}

// Volumes is how the volumes of one pod are made and where they are then.
type Volumes struct {
	// Steps make the volumes that a container mounts, in the pod's order. As
	// with the kubelet, no others are made.
	Steps []plan.Step
	// Warnings are sentences about what is not as the manifest has it.
	Warnings []string

	places map[string]place
}

// place is where a volume is once its step is done.
type place struct {
	host, tree string // see Mount
	readOnly   bool
}

// Steps are values of all kinds of step of this package, for plan.NewKinds.
func Steps() []plan.Step {
	return []plan.Step{&Tmpfs{}, &Dir{}, &Files{}, &HostPath{}}
}

// FromPod plans the volumes of a pod that was validated and has its defaults.
// The error names every volume that cannot be made.
func FromPod(pod *v1.Pod, o Options) (Volumes, error) {
	vs := Volumes{places: map[string]place{}}
	mounts := mountsByVolume(pod)
	var errs []error
	for _, v := range pod.Spec.Volumes {
		if len(mounts[v.Name]) == 0 {
			continue
		}
		if err := vs.add(pod, v, o); err != nil {
			errs = append(errs, fmt.Errorf("volume %s: %w", v.Name, err))
		}
	}
	return vs, errors.Join(errs...)
}

func (vs *Volumes) add(pod *v1.Pod, v v1.Volume, o Options) error {
	switch {
	case v.EmptyDir != nil:
		return vs.addEmptyDir(pod, v, o)
	case v.ConfigMap != nil:
		return vs.addConfigMap(pod, v, o)
	case v.HostPath != nil:
		return vs.addHostPath(v)
	}
	return fmt.Errorf("this version of minipod has no volumes of kind %s; it has emptyDir, configMap and hostPath", kindOf(v))
}

func (vs *Volumes) addEmptyDir(pod *v1.Pod, v v1.Volume, o Options) error {
	e := v.EmptyDir
	mode := uint32(0o777)
	if e.Mode != nil {
		mode = uint32(*e.Mode)
	}
	if e.Medium != v1.StorageMediumDefault && e.Medium != v1.StorageMediumMemory {
		return fmt.Errorf("this version of minipod has no emptyDir of medium %q; it has \"\" and \"Memory\"", e.Medium)
	}
	if e.Medium == v1.StorageMediumDefault && o.EmptyDirMedium == Disk {
		dir := filepath.Join(o.DiskRoot, v.Name)
		vs.Steps = append(vs.Steps, &Dir{Name: v.Name, Path: dir, Mode: mode})
		vs.places[v.Name] = place{host: dir}
		if e.SizeLimit != nil {
			vs.warn("volume %s: sizeLimit %s is not enforced on disk", v.Name, e.SizeLimit)
		}
		return nil
	}
	size := EmptyDirSize(pod, e, o.HalfOfRAM)
	if e.SizeLimit != nil && e.SizeLimit.Value() > size {
		vs.warn("volume %s: sizeLimit %s is more than the pod can have; the size is %s", v.Name, e.SizeLimit, FormatSize(size))
	}
	shared := slices.ContainsFunc(mountsByVolume(pod)[v.Name], func(m v1.VolumeMount) bool {
		return m.MountPropagation != nil && *m.MountPropagation == v1.MountPropagationBidirectional
	})
	vs.Steps = append(vs.Steps, &Tmpfs{Pin: o.Pin, Name: v.Name, SizeBytes: size, Mode: mode, Shared: shared})
	vs.places[v.Name] = place{tree: treeOf(v.Name)}
	return nil
}

func (vs *Volumes) addConfigMap(pod *v1.Pod, v v1.Volume, o Options) error {
	source := v.ConfigMap
	var configMap *v1.ConfigMap
	if o.ConfigMap != nil {
		configMap = o.ConfigMap(source.Name)
	}
	if configMap == nil && !isTrue(source.Optional) {
		return fmt.Errorf("configmap %q not found in namespace %s: give its document too, or set optional: true", source.Name, pod.Namespace)
	}
	files, err := configMapFiles(source, configMap)
	if err != nil {
		return err
	}
	step := &Files{
		Pin: o.Pin, Name: v.Name, From: "configMap " + source.Name, Count: len(files), Contents: files,
		MountPoints: nestedMountPoints(pod, v.Name),
	}
	for _, f := range files {
		step.Bytes += int64(len(f.Data))
	}
	vs.Steps = append(vs.Steps, step)
	vs.places[v.Name] = place{tree: treeOf(v.Name), readOnly: true}
	return nil
}

func (vs *Volumes) addHostPath(v v1.Volume) error {
	if !filepath.IsAbs(v.HostPath.Path) {
		return fmt.Errorf("hostPath %q is not an absolute path", v.HostPath.Path)
	}
	step := &HostPath{Name: v.Name, Path: v.HostPath.Path}
	if v.HostPath.Type != nil {
		step.Type = *v.HostPath.Type
	}
	vs.Steps = append(vs.Steps, step)
	vs.places[v.Name] = place{host: v.HostPath.Path}
	return nil
}

func (vs *Volumes) warn(format string, args ...any) {
	vs.Warnings = append(vs.Warnings, fmt.Sprintf(format, args...))
}

// kindOf is the name of a volume's source as the API spells it.
func kindOf(v v1.Volume) string {
	raw, err := json.Marshal(v.VolumeSource)
	if err != nil {
		return "unknown"
	}
	var source map[string]json.RawMessage
	if json.Unmarshal(raw, &source) != nil || len(source) == 0 {
		return "unknown"
	}
	return slices.Sorted(maps.Keys(source))[0]
}
