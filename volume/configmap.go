package volume

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// configMapFiles chooses the files of a configMap volume, sorted by path, as
// MakePayload in pkg/volume/configmap of the kubelet does. A nil configMap
// stands for one that does not exist and is optional.
func configMapFiles(source *v1.ConfigMapVolumeSource, configMap *v1.ConfigMap) ([]File, error) {
	mode := v1.ConfigMapVolumeSourceDefaultMode
	if source.DefaultMode != nil {
		mode = *source.DefaultMode
	}
	data := contents(configMap)
	items := source.Items
	if len(items) == 0 {
		for key := range data {
			items = append(items, v1.KeyToPath{Key: key, Path: key})
		}
	}
	chosen := map[string]File{}
	for _, item := range items {
		content, ok := data[item.Key]
		if !ok && isTrue(source.Optional) {
			continue
		}
		if !ok {
			return nil, fmt.Errorf("configmap references non-existent config key: %s (ConfigMap %s has: %s)",
				item.Key, source.Name, strings.Join(slices.Sorted(maps.Keys(data)), ", "))
		}
		if err := checkFilePath(item.Path); err != nil {
			return nil, err
		}
		file := File{Path: path.Clean(item.Path), Mode: uint32(mode), Data: content}
		if item.Mode != nil {
			file.Mode = uint32(*item.Mode)
		}
		chosen[file.Path] = file
	}
	return slices.SortedFunc(maps.Values(chosen), func(a, b File) int { return strings.Compare(a.Path, b.Path) }), nil
}

func contents(configMap *v1.ConfigMap) map[string][]byte {
	data := map[string][]byte{}
	if configMap == nil {
		return data
	}
	for key, text := range configMap.Data {
		data[key] = []byte(text)
	}
	maps.Copy(data, configMap.BinaryData)
	return data
}

// checkFilePath has the rules and words of AtomicWriter's validatePath. The
// API's validation is stricter; this one keeps a file in its volume whoever
// calls.
func checkFilePath(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("invalid path: must not be empty: %q", name)
	case path.IsAbs(name):
		return fmt.Errorf("invalid path: must be relative path: %s", name)
	case len(name) > 4096:
		return fmt.Errorf("invalid path: must be less than or equal to %d characters", 4096)
	case strings.HasPrefix(name, ".."):
		return fmt.Errorf("invalid path: must not start with '..': %s", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return fmt.Errorf("invalid path: must not contain '..': %s", name)
		}
		if len(part) > 255 {
			return fmt.Errorf("invalid path: filenames must be less than or equal to %d characters", 255)
		}
	}
	return nil
}

func isTrue(b *bool) bool { return b != nil && *b }
