package manifest

import "testing"

func TestReferencesToConfigMaps(t *testing.T) {
	pod := func(volume string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a, image: debian}\n" +
			"  volumes:\n  - name: v\n    configMap:\n      " + volume + "\n"
	}
	const configMap = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {b: x}\nbinaryData: {a: eA==}\n"
	for name, c := range map[string]struct{ text, want string }{
		"there":           {pod("name: c") + configMap, ""},
		"before the pod":  {configMap + "---\n" + pod("name: c"), ""},
		"with its keys":   {pod("{name: c, items: [{key: a, path: x}, {key: b, path: z}]}") + configMap, ""},
		"optional":        {pod("{name: d, optional: true, items: [{key: z, path: x}]}") + configMap, ""},
		"no name":         {pod("optional: true"), "f:9: spec.volumes[0].configMap.name: Required value\n"},
		"there but wrong": {pod("name: c") + configMap + "foo: 1\n", "f:17: foo: unknown field\n"},
		"not there": {pod("name: d") + configMap, "f:10: spec.volumes[0].configMap.name: Not found: \"d\"\n" +
			"\tthe documents declare these ConfigMaps in namespace default: c\n"},
		"none there": {pod("name: d"), "f:10: spec.volumes[0].configMap.name: Not found: \"d\"\n" +
			"\tno document declares a ConfigMap in namespace default; give the file that does as well\n"},
		"in another namespace": {
			pod("name: c") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: other}\n",
			"f:10: spec.volumes[0].configMap.name: Not found: \"c\"\n" +
				"\tno document declares a ConfigMap in namespace default; give the file that does as well\n",
		},
		"without the key": {
			pod("{name: c, items: [{key: z, path: x}]}") + configMap,
			"f:10: spec.volumes[0].configMap.items[0].key: Not found: \"z\"\n\tthe ConfigMap c has these keys: a, b\n",
		},
		"twice": {configMap + configMap, "f:10: metadata.name: Duplicate value: \"c\"\n\tthe other ConfigMap of this name is at f:4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(t, "f", c.text); got != c.want {
				t.Errorf("said:\n%s\nwanted:\n%s", got, c.want)
			}
		})
	}
}
