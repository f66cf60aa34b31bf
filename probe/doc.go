// Package probe makes one check of a container and says what it came to: by a
// command in it, an HTTP request, a TCP connection or a call of gRPC's health
// protocol. When to check, and how many failures matter, is the business of
// package lifecycle.
//
// Whoever calls says how a command is run and how a connection is made; this
// package knows of no namespaces. A check ends when its context does.
//
// Outcomes and messages are those of the kubelet (k8s.io/kubernetes/pkg/probe).
package probe
