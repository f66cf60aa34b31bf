// Package leak tells whether a test left something behind on the host:
// mounts, files, cgroups, network links, processes, or namespaces.
//
// A test calls [Check] first; when it has ended, and all its own clean-up is
// done, the host is compared with what it was. Several tests may run on one
// host at a time, so only what belongs to the test is looked at: mounts and
// files below its folders, cgroups and links with its name, and the processes
// that it started. Those are found by ancestry: the test process becomes the
// reaper of its orphans, so a container whose owner was killed stays its child.
package leak
