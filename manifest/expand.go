package manifest

import "k8s.io/kubernetes/third_party/forked/golang/expansion"

// Expand replaces $(NAME) in text by the variable's value, with Kubernetes' own
// code: an unknown reference stays as it is, and $$ stands for $.
func Expand(text string, env map[string]string) string {
	return expansion.Expand(text, expansion.MappingFuncFor(env))
}
