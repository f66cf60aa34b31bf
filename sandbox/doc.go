// Package sandbox makes a pod's UTS and mount namespaces, keeps the pins of all
// its namespaces, and turns a container into a process.
//
// A container's life begins on a stage: a thread of its own that enters the
// pod's namespaces, takes a mount namespace and builds the root filesystem in
// ordinary Go ([Container]). Then it forks a child that makes a prepared list
// of system calls and becomes the container's program. [Enter] puts one more
// process into a running container.
//
// The steps are in the order ground, UTS, mounts, and for each container
// scratch and container; package pod interleaves those of other rooms. Nothing
// here knows of images, of restarts or of files about a pod's state.
package sandbox
