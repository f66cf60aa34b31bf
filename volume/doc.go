// Package volume turns the volumes of a pod into mounts.
//
// [FromPod] reads a pod and gives the steps that make its volumes, and
// [Volumes.MountsOf] a container's [Mount] values; both only decide. The steps
// are done once for a pod by package pod: a volume in memory becomes a tmpfs
// on /vol/NAME in the pod's own mount namespace, which nobody else sees, and
// one on disk a directory of the host. When a container's root is built,
// package sandbox calls [Mount.Open] for each of its mounts, in the namespace
// where the volume is, and moves the result to its place.
//
// The package promises that no symlink in a volume leads a mount out of it,
// that modes are exact whatever the umask, and that undoing a step never
// touches what lay on the host before. Modes, layouts and messages are the
// kubelet's. It knows nothing of containers' roots, of when a step is done, or
// of how files of a manifest are found.
package volume
