package manifest

import (
	"encoding/json"

	v1 "k8s.io/api/core/v1"
	core "k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
)

// kubernetesVersion is the release whose rules these are.
const kubernetesVersion = "v1.37"

// lost is the paths of the fields that one pod has and the other has not. Both
// are compared as a user would see them, since the internal type has neither
// JSON names nor the same nesting.
func lost(before, after *core.Pod) []string {
	return missing("", tree(before), tree(after))
}

func tree(internal *core.Pod) any {
	pod := &v1.Pod{}
	var out any
	if corev1.Convert_core_Pod_To_v1_Pod(internal, pod, nil) != nil {
		return nil
	}
	if json.Unmarshal([]byte(asJSON(pod)), &out) != nil {
		return nil
	}
	return out
}

func missing(path string, before, after any) []string {
	var paths []string
	switch before := before.(type) {
	case map[string]any:
		now, _ := after.(map[string]any)
		for _, key := range sortedKeys(before) {
			if _, ok := now[key]; !ok {
				paths = append(paths, child(path, key))
				continue
			}
			paths = append(paths, missing(child(path, key), before[key], now[key])...)
		}
	case []any:
		now, _ := after.([]any)
		for i := range before {
			if i >= len(now) {
				return append(paths, path)
			}
			paths = append(paths, missing(element(path, i), before[i], now[i])...)
		}
	}
	return paths
}
