// Package ipc is the pod's IPC namespace: System V queues, semaphores and
// shared memory, POSIX message queues, and the /dev/shm that the containers of
// a pod share and nobody else sees.
package ipc
