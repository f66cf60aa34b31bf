package manifest

import (
	"context"
	"fmt"
	"reflect"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/operation"
	"k8s.io/apimachinery/pkg/api/validate"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	core "k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
)

// pod decodes a pod and takes it through the steps of the API server, in its
// order (k8s.io/kubernetes, pkg/registry/core/pod/strategy.go).
func (l *loader) pod(d *document) {
	pod := &v1.Pod{}
	whole, findings := d.decode(pod)
	l.findings = append(l.findings, findings...)
	l.fields(d)
	l.metadata(d, &pod.ObjectMeta)
	pod.Status = v1.PodStatus{}
	l.declare(d, "Pod", pod)
	if !whole {
		return // what could not be decoded would be reported as missing
	}
	if pod = l.admit(d, pod); pod != nil {
		l.set.Pods = append(l.set.Pods, pod)
	}
}

// admit defaults and validates the pod in place.
func (l *loader) admit(d *document, pod *v1.Pod) *v1.Pod {
	corev1.SetObjectDefaults_Pod(pod)
	internal := &core.Pod{}
	if err := corev1.Convert_v1_Pod_To_core_Pod(pod, internal, nil); err != nil {
		l.problem(d, "", err.Error(), "")
		return nil
	}
	l.dropDisabled(d, internal)
	podutil.DefaultPodLevelResources(internal)
	if err := corev1.Convert_core_Pod_To_v1_Pod(internal, pod, nil); err != nil {
		l.problem(d, "", err.Error(), "")
		return nil
	}
	pod.Kind, pod.APIVersion = "Pod", v1.SchemeGroupVersion.String()
	for _, e := range podErrors(internal, pod) {
		l.problem(d, e.Field, e.ErrorBody(), hint(pod, e))
	}
	for _, w := range podWarnings(internal) {
		path, message := splitMessage(w)
		l.warn(d, path, message)
	}
	return pod
}

// podErrors is all that the API server would refuse the pod for: the rules
// written by hand, and those generated from the API types.
func podErrors(internal *core.Pod, pod *v1.Pod) field.ErrorList {
	ctx := context.Background()
	opts := podutil.GetValidationOptionsFromPodSpecAndMeta(&internal.Spec, nil, &internal.ObjectMeta, nil)
	opts.ResourceIsPod = true
	errs := validation.ValidatePodCreate(internal, opts).MarkFromImperative()
	declarative := corev1.Validate_Pod(ctx, operation.Operation{Type: operation.Create}, nil, pod, nil)
	return enforced(ctx, errs, declarative)
}

// enforced joins both lists as k8s.io/apiserver does (registry/rest/validate.go).
func enforced(ctx context.Context, errs, declarative field.ErrorList) field.ErrorList {
	beta := betaRules()
	declarative = validate.FilterEnforcedDeclarativeErrors(ctx, declarative, beta)
	return append(validate.FilterCoveredHandwrittenErrors(ctx, errs, declarative, beta), declarative...)
}

func podWarnings(internal *core.Pod) []string {
	var warnings []string
	if msgs := utilvalidation.IsDNS1123Label(internal.Name); len(msgs) != 0 {
		warnings = append(warnings, fmt.Sprintf(
			"metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: %v", msgs))
	}
	return append(warnings, podutil.GetWarningsForPod(context.Background(), internal, nil)...)
}

// dropDisabled removes the fields whose feature gate is off, and says so,
// which the API server does not.
func (l *loader) dropDisabled(d *document, internal *core.Pod) {
	before := internal.DeepCopy()
	podutil.DropDisabledPodFields(internal, nil)
	if reflect.DeepEqual(before, internal) {
		return
	}
	for _, path := range lost(before, internal) {
		if l.warned(d, path) {
			continue // the table has said more about this field
		}
		l.warn(d, path, "dropped: in Kubernetes "+kubernetesVersion+" the feature gate of this field is off")
	}
}
