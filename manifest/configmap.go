package manifest

import (
	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/operation"
	core "k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
)

func (l *loader) configMap(d *document) {
	object := &v1.ConfigMap{}
	whole, findings := d.decode(object)
	l.findings = append(l.findings, findings...)
	l.metadata(d, &object.ObjectMeta)
	l.declare(d, "ConfigMap", object)
	if !whole {
		return
	}
	corev1.SetObjectDefaults_ConfigMap(object)
	internal := &core.ConfigMap{}
	if err := corev1.Convert_v1_ConfigMap_To_core_ConfigMap(object, internal, nil); err != nil {
		l.problem(d, "", err.Error(), "")
		return
	}
	create := operation.Operation{Type: operation.Create}
	errs := validation.ValidateConfigMap(internal).MarkFromImperative()
	for _, e := range enforced(context.Background(), errs, corev1.Validate_ConfigMap(context.Background(), create, nil, object, nil)) {
		l.problem(d, e.Field, e.ErrorBody(), "")
	}
	l.set.ConfigMaps = append(l.set.ConfigMaps, object)
}
