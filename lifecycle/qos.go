package lifecycle

import (
	v1 "k8s.io/api/core/v1"
)

// qosOf is ComputePodQOS (pkg/apis/core/v1/helper/qos/qos.go).
func qosOf(spec *v1.PodSpec) v1.PodQOSClass {
	if r := spec.Resources; r != nil && podLevelSet(r) {
		return qosOfRequirements(r)
	}
	var class v1.PodQOSClass
	for _, list := range [][]v1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			class = join(class, qosOfRequirements(&list[i].Resources))
		}
	}
	if class == "" {
		return v1.PodQOSBestEffort
	}
	return class
}

// podLevelSet: cpu, memory or hugepages are set for the pod as a whole.
func podLevelSet(r *v1.ResourceRequirements) bool {
	return len(r.Requests)+len(r.Limits) > 0
}

func qosOfRequirements(r *v1.ResourceRequirements) v1.PodQOSClass {
	if len(r.Requests) == 0 && len(r.Limits) == 0 {
		return v1.PodQOSBestEffort
	}
	return join(qosOfResource(r, v1.ResourceCPU), qosOfResource(r, v1.ResourceMemory))
}

func qosOfResource(r *v1.ResourceRequirements, name v1.ResourceName) v1.PodQOSClass {
	request, limit := r.Requests[name], r.Limits[name]
	switch {
	case !request.Equal(limit):
		return v1.PodQOSBurstable
	case request.IsZero():
		return v1.PodQOSBestEffort
	default:
		return v1.PodQOSGuaranteed
	}
}

// join is the class of two parts: theirs if they agree, else Burstable. An
// empty class stands for no part yet.
func join(a, b v1.PodQOSClass) v1.PodQOSClass {
	if a == "" || a == b {
		return b
	}
	return v1.PodQOSBurstable
}
