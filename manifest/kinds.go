package manifest

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// coreKinds is the closed set of kinds that a manifest of apiVersion v1 can
// ask for. Of other groups anybody may define kinds.
var coreKinds = []string{
	"Binding", "ConfigMap", "Endpoints", "Event", "LimitRange", "List", "Namespace", "Node", "PersistentVolume",
	"PersistentVolumeClaim", "Pod", "PodTemplate", "ReplicationController", "ResourceQuota", "Secret", "Service",
	"ServiceAccount",
}

// document sends a document to its kind.
func (l *loader) document(d *document) {
	kind, version := d.top("kind"), d.top("apiVersion")
	if !l.typed(d, "apiVersion", version) || !l.typed(d, "kind", kind) {
		return
	}
	switch version + "/" + kind {
	case "v1/Pod":
		l.pod(d)
	case "v1/ConfigMap":
		l.configMap(d)
	case "v1/Secret":
		l.secret(d)
	case "v1/List", "v1/PodList", "v1/ConfigMapList", "v1/SecretList":
		l.list(d, strings.TrimSuffix(kind, "List"))
	default:
		l.otherKind(d, kind, version)
	}
}

func (l *loader) typed(d *document, field, value string) bool {
	if value != "" {
		return true
	}
	message := "Required value"
	if given := d.tree[field]; given != nil && given != "" {
		message = "Invalid value: " + nameOf(given) + ": must be a string"
	}
	l.problem(d, field, message, "a document begins with apiVersion and kind, as in: apiVersion: v1, kind: Pod")
	return false
}

// otherKind refuses what no cluster would know, and says of everything else
// that nothing is done with it.
func (l *loader) otherKind(d *document, kind, version string) {
	served := version != "v1"
	if slices.Contains(coreKinds, kind) {
		served = !served
	}
	if served {
		l.warn(d, "kind", fmt.Sprintf("this version of minipod does nothing with a %s (%s)", kind, version))
		return
	}
	hint := ""
	if version != "v1" {
		hint = "the kind " + kind + " is of apiVersion v1"
	} else if name := nearestKind(kind); name != "" {
		hint = "did you mean " + strconv.Quote(name) + "?"
	}
	l.problem(d, "kind", fmt.Sprintf("no matches for kind %q in version %q", kind, version), hint)
}

func nearestKind(typed string) string {
	kinds := map[string]reflect.Type{}
	for _, k := range coreKinds {
		kinds[k] = nil
	}
	return nearest(typed, kinds)
}

// list takes the items of a List one by one, as kubectl does. An item of a
// list of one kind need not name it.
func (l *loader) list(d *document, kind string) {
	items, ok := d.tree["items"].([]any)
	if !ok && d.tree["items"] != nil {
		l.problem(d, "items", "Invalid value: must be a list", "")
	}
	for i, each := range items {
		base := element(child(d.base, "items"), i)
		tree, ok := each.(map[string]any)
		if !ok {
			l.problem(d, element("items", i), "not an object but "+nameOf(each), "")
			continue
		}
		if kind != "" && tree["kind"] == nil && tree["apiVersion"] == nil {
			tree["kind"], tree["apiVersion"] = kind, v1.SchemeGroupVersion.Version
		}
		if strings.HasSuffix(fmt.Sprint(tree["kind"]), "List") {
			l.problem(d, element("items", i), "a list within a list", "")
			continue
		}
		l.document(&document{file: d.file, raw: []byte(asJSON(tree)), tree: tree, base: base, text: d.text})
	}
}
