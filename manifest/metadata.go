package manifest

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

// metadata does to an object's metadata what the API server does on creation
// (k8s.io/apiserver, registry/rest): what only the server may set is cleared,
// and the namespace and a generated name are filled in.
func (l *loader) metadata(d *document, m *metav1.ObjectMeta) {
	l.branch(d, "metadata", d.tree["metadata"], fieldTree().children["metadata"])
	m.SetSelfLink("") // the field itself is deprecated
	m.UID, m.ResourceVersion, m.Generation = "", "", 0
	m.CreationTimestamp, m.DeletionTimestamp, m.DeletionGracePeriodSeconds = metav1.Time{}, nil, nil
	m.ManagedFields, m.OwnerReferences, m.Finalizers = nil, nil, nil
	if m.Name == "" && m.GenerateName != "" {
		m.Name = m.GenerateName + rand.String(5)
	}
	switch m.Namespace {
	case l.options.Namespace:
	case "":
		m.Namespace = l.options.Namespace
	default:
		if l.options.OneNamespace {
			l.problem(d, "metadata.namespace", fmt.Sprintf(
				"the namespace from the provided object %q does not match the namespace %q",
				m.Namespace, l.options.Namespace), "")
		}
	}
}
