package manifest

import (
	"context"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/operation"
	core "k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
)

func (l *loader) secret(d *document) {
	object := &v1.Secret{}
	whole, findings := d.decode(object)
	l.findings = append(l.findings, findings...)
	l.metadata(d, &object.ObjectMeta)
	l.declare(d, "Secret", object)
	if !whole {
		return
	}
	corev1.SetObjectDefaults_Secret(object)
	internal := &core.Secret{}
	if err := corev1.Convert_v1_Secret_To_core_Secret(object, internal, nil); err != nil {
		l.problem(d, "", err.Error(), "")
		return
	}
	object.StringData, object.Data = nil, internal.Data // the conversion merged them
	create := operation.Operation{Type: operation.Create}
	errs := validation.ValidateSecret(internal).MarkFromImperative()
	for _, e := range enforced(context.Background(), errs, corev1.Validate_Secret(context.Background(), create, nil, object, nil)) {
		l.problem(d, e.Field, e.ErrorBody(), "")
	}
	l.set.Secrets = append(l.set.Secrets, object)
	l.warn(d, "kind", "this version of minipod does nothing with a Secret (v1)")
}
