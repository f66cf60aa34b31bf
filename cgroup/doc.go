// Package cgroup keeps a group of the cgroup v2 hierarchy for every pod and
// container, on pure v2 hosts and on hybrid ones (where the hierarchy is
// /sys/fs/cgroup/unified).
//
// In this version a group serves to find and to kill processes: a container's
// process is born in it, whatever it forks stays in it, and whoever undoes a
// dead owner's journal kills by it. Limits and usage are not built yet;
// package manifest says so to whoever asks for them.
package cgroup
