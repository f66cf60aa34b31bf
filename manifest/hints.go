package manifest

import (
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// hint says what there is to choose from, where the pod itself knows.
func hint(pod *v1.Pod, e *field.Error) string {
	inMounts := strings.Contains(e.Field, ".volumeMounts[") && strings.HasSuffix(e.Field, ".name")
	if e.Type != field.ErrorTypeNotFound || !inMounts {
		return ""
	}
	if len(pod.Spec.Volumes) == 0 {
		return "the pod declares no volumes"
	}
	names := make([]string, len(pod.Spec.Volumes))
	for i := range pod.Spec.Volumes {
		names[i] = pod.Spec.Volumes[i].Name
	}
	return "the pod declares these volumes: " + strings.Join(names, ", ")
}
