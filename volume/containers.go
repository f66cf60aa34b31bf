package volume

import (
	"fmt"
	"path"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// MountsOf gives the mounts of a container of the pod, outer ones before those
// that lie in them, whatever the manifest's order is (containerd sorts so).
func (vs Volumes) MountsOf(c *v1.Container) ([]Mount, error) {
	var mounts []Mount
	for _, vm := range c.VolumeMounts {
		m, err := vs.mountOf(vm)
		if err != nil {
			return nil, fmt.Errorf("container %s: %w", c.Name, err)
		}
		mounts = append(mounts, m)
	}
	slices.SortStableFunc(mounts, func(a, b Mount) int { return depth(a.Target) - depth(b.Target) })
	return mounts, nil
}

func (vs Volumes) mountOf(vm v1.VolumeMount) (Mount, error) {
	at, ok := vs.places[vm.Name]
	if !ok {
		return Mount{}, fmt.Errorf("cannot find volume %q to mount on %s", vm.Name, vm.MountPath)
	}
	if err := checkSubPath(vm); err != nil {
		return Mount{}, err
	}
	m := Mount{
		Volume: vm.Name, Host: at.host, Tree: at.tree, SubPath: vm.SubPath,
		Target:   path.Join("/", vm.MountPath),
		ReadOnly: vm.ReadOnly || at.readOnly,
	}
	if r := vm.RecursiveReadOnly; r != nil && m.ReadOnly {
		m.RecursiveReadOnly = *r != v1.RecursiveReadOnlyDisabled
	}
	if vm.MountPropagation != nil && *vm.MountPropagation != v1.MountPropagationNone {
		m.Propagation = *vm.MountPropagation
	}
	return m, nil
}

// checkSubPath has the words of makeMounts in pkg/kubelet/kubelet_pods.go.
func checkSubPath(vm v1.VolumeMount) error {
	if vm.SubPathExpr != "" {
		return fmt.Errorf("volume %s on %s: this version of minipod has no subPathExpr", vm.Name, vm.MountPath)
	}
	if path.IsAbs(vm.SubPath) {
		return fmt.Errorf("error SubPath `%s` must not be an absolute path", vm.SubPath)
	}
	if slices.Contains(strings.Split(vm.SubPath, "/"), "..") {
		return fmt.Errorf("unable to provision SubPath `%s`: must not contain '..'", vm.SubPath)
	}
	return nil
}

func depth(target string) int { return strings.Count(strings.TrimSuffix(target, "/"), "/") }

// mountsByVolume collects how all containers mount each volume.
func mountsByVolume(pod *v1.Pod) map[string][]v1.VolumeMount {
	by := map[string][]v1.VolumeMount{}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		for _, m := range c.VolumeMounts {
			by[m.Name] = append(by[m.Name], m)
		}
	}
	return by
}

// nestedMountPoints are the directories in the volume on which containers
// mount others, relative to it (pkg/volume/util/nested_volumes.go).
func nestedMountPoints(pod *v1.Pod, volume string) []string {
	var points []string
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		for _, outer := range c.VolumeMounts {
			if outer.Name != volume {
				continue
			}
			for _, inner := range c.VolumeMounts {
				below, ok := strings.CutPrefix(path.Join("/", inner.MountPath), path.Join("/", outer.MountPath)+"/")
				if ok {
					points = append(points, below)
				}
			}
		}
	}
	slices.Sort(points)
	return slices.Compact(points)
}
