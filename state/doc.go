// Package state is what minipod keeps on disk about pods: who owns a pod, what
// was asked for, what was published about it, the journal of its steps, its
// events, and the logs of its containers in the format of the CRI.
//
// The owner of a pod calls [Claim] and gets an [Owned], through which alone the
// pod's files are written; everybody else looks with [Get], [List], [Events]
// and [ReadLogs], asks with [RequestDelete], and waits with [AwaitGone],
// [AwaitPod] or a [Watcher]. There is no server between them: liveness is a
// lock that the kernel drops with its holder, news travel by inotify, and
// nothing here ever polls.
//
// The package promises that a reader sees each file whole or not at all, that
// an appended record survives the death of the process (not of the machine:
// nothing is synced, the run directory is gone after a reboot anyway), and that
// a byte of a container's output leaves its pipe only after it is in the log.
// It decides nothing: the published status is a rendering that no decision may
// read, and the records of the journal are opaque to it.
package state

// Version stands in every file that this package writes. A reader that finds
// another one says so instead of guessing.
const Version = "minipod/v1"
