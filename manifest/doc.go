// Package manifest turns what a user wrote into API objects: YAML and JSON
// documents are decoded strictly, defaulted and validated by Kubernetes' own
// code, and every complaint carries the file and the line it is about.
//
// The command line calls [Read] and then [Load]. Load promises that a pod it
// returns is one that the API server of Kubernetes v1.37 would have stored,
// that nothing in the document was dropped without a warning, and that every
// ConfigMap that the pod cannot do without is there. It complains about all
// documents at once, not about the first one only.
//
// What minipod does with each field of a pod is written in one table
// (fields_table.go): honoured, not yet, without meaning on one host, or
// refused. The package touches no kernel and no state, and it is the only one
// that may import k8s.io/kubernetes.
package manifest
