// Package pod is one pod's life. An [Owner] holds the pod's lock, feeds what
// happens to package lifecycle, and carries out what that decides with the
// rooms below: namespaces, volumes, images, processes.
//
// It is an orchestrator. The steps that a pod is made of are put in order here
// (plan.go) and belong to the rooms that define them; what is to happen when is
// lifecycle's; what is written where, state's. Whoever only wants to end a pod,
// or to enter one, calls [Delete], [Collect] or [Exec], owner or not.
package pod
