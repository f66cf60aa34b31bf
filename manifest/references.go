package manifest

import (
	"fmt"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// references checks what the pods need from other documents, before anything
// starts: a kubelet would try for ever.
func (l *loader) references() {
	for _, pod := range l.set.Pods {
		for i := range pod.Spec.Volumes {
			if source := pod.Spec.Volumes[i].ConfigMap; source != nil {
				l.configMapVolume(pod, element("spec.volumes", i)+".configMap", source)
			}
		}
	}
}

func (l *loader) configMapVolume(pod *v1.Pod, path string, source *v1.ConfigMapVolumeSource) {
	optional := source.Optional != nil && *source.Optional
	if optional || source.Name == "" {
		return
	}
	d := l.set.origins[pod]
	if _, ok := l.declared[identity{"ConfigMap", pod.Namespace, source.Name}]; !ok {
		l.problem(d, path+".name", fmt.Sprintf("Not found: %q", source.Name), l.otherConfigMaps(pod.Namespace))
		return
	}
	configMap := l.configMapNamed(pod.Namespace, source.Name)
	if configMap == nil {
		return // it is there, and its own findings say what is wrong with it
	}
	for i, item := range source.Items {
		if _, ok := configMap.Data[item.Key]; ok {
			continue
		}
		if _, ok := configMap.BinaryData[item.Key]; ok {
			continue
		}
		at := element(path+".items", i) + ".key"
		l.problem(d, at, fmt.Sprintf("Not found: %q", item.Key), keysOf(configMap))
	}
}

func (l *loader) configMapNamed(namespace, name string) *v1.ConfigMap {
	for _, c := range l.set.ConfigMaps {
		if c.Namespace == namespace && c.Name == name {
			return c
		}
	}
	return nil
}

func (l *loader) otherConfigMaps(namespace string) string {
	var names []string
	for id := range l.declared {
		if id.kind == "ConfigMap" && id.namespace == namespace {
			names = append(names, id.name)
		}
	}
	if len(names) == 0 {
		return "no document declares a ConfigMap in namespace " + namespace + "; give the file that does as well"
	}
	slices.Sort(names)
	return "the documents declare these ConfigMaps in namespace " + namespace + ": " + strings.Join(names, ", ")
}

func keysOf(c *v1.ConfigMap) string {
	var keys []string
	for k := range c.Data {
		keys = append(keys, k)
	}
	for k := range c.BinaryData {
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return "the ConfigMap " + c.Name + " has no keys"
	}
	slices.Sort(keys)
	return "the ConfigMap " + c.Name + " has these keys: " + strings.Join(keys, ", ")
}
