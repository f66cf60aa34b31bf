// Package plan knows what a step is: something that minipod does to the
// kernel or to the disk and can take back, in this process or in another one
// after a crash.
//
// The rooms that touch the kernel define their own kinds of step; package pod
// puts them in order and registers them in a [Kinds], and a [Run] carries them
// out. Before a step is done its value goes into the journal, so that whoever
// finds the journal of a dead owner can undo every step in reverse. The
// package promises that order and nothing else: it makes no system call, keeps
// no file and does not know what a pod is.
package plan
