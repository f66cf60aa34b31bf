package sandbox_test

import (
	"strings"
	"testing"
)

// What the containers of a pod share, no other pod and not the host has: POSIX
// queues, System V queues, semaphores and shared memory, and /dev/shm.
func TestIPCIsOfThePodAlone(t *testing.T) {
	l := newLab(t)
	a, b := l.pod("a"), l.pod("b")
	const nothing = "mq:- msg:- sem:- shm:- file:-"
	want(t, "the host's before", strings.Join(lookIPC(), " "), nothing)
	a.output(probe("ipc-make", "a"), withProbe(t))
	b.output(probe("ipc-make", "b"), withProbe(t))
	want(t, "the host's after", strings.Join(lookIPC(), " "), nothing)
	want(t, "files of queues", a.sh("ls /dev/mqueue"), queueName+"\n")
	want(t, "pod a's", a.output(probe("ipc-look"), withProbe(t)), "mq:a msg:a sem:a shm:a file:a\n")
	want(t, "pod b's", b.output(probe("ipc-look"), withProbe(t)), "mq:b msg:b sem:b shm:b file:b\n")
}
