// Package testimage builds tiny images for tests: a root file system or an OCI
// archive around the static busybox, or around one static program.
//
// The rooms that run containers call it, so that a test takes milliseconds to
// set up and runs the same in the virtual machine, which has no packages. It
// loads and unpacks nothing: that is the work of the room image.
package testimage
