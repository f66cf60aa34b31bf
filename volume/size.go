package volume

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
)

// EmptyDirSize is the size in bytes that a tmpfs for the emptyDir e of the pod
// gets: its sizeLimit, or else half of the RAM, but no more than the pod's
// memory limit and never more than the RAM (calculateEmptyDirMemorySize in
// pkg/volume/emptydir of the kubelet, where the default is what the node can
// allocate). 0 if nothing bounds it, as when halfOfRAM is 0.
func EmptyDirSize(pod *v1.Pod, e *v1.EmptyDirVolumeSource, halfOfRAM int64) int64 {
	size := halfOfRAM
	if e.SizeLimit != nil && e.SizeLimit.Value() > 0 {
		size = smaller(e.SizeLimit.Value(), 2*halfOfRAM)
	}
	return smaller(size, memoryLimit(pod))
}

// smaller is the smaller one of two limits, of which 0 means none.
func smaller(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// memoryLimit is the pod's limit in bytes, or 0 if a container has none
// (ResourceConfigForPod in pkg/kubelet/cm): what runs at the same time adds
// up, and an init container runs beside the sidecars before it.
func memoryLimit(pod *v1.Pod) int64 {
	if r := pod.Spec.Resources; r != nil && r.Limits.Memory().Value() > 0 {
		return r.Limits.Memory().Value()
	}
	var sum, peak int64
	for _, c := range pod.Spec.InitContainers {
		limit := c.Resources.Limits.Memory().Value()
		if limit == 0 {
			return 0
		}
		peak = max(peak, sum+limit)
		if c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways {
			sum += limit
		}
	}
	for _, c := range pod.Spec.Containers {
		limit := c.Resources.Limits.Memory().Value()
		if limit == 0 {
			return 0
		}
		sum += limit
	}
	return max(sum, peak) + pod.Spec.Overhead.Memory().Value()
}

// FormatSize writes a number of bytes for people: "11.7 GiB", "64 MiB".
func FormatSize(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	value, unit := float64(bytes), 0
	for value >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	if value == float64(int64(value)) {
		return fmt.Sprintf("%d %s", int64(value), units[unit])
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
