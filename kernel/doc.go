// Package kernel wraps each system call that minipod needs, once.
//
// Every wrapper opens descriptors close-on-exec, names the operation, the
// object and the cause in its error, and rewords an errno that misleads. Two
// things are more than wrappers: [Thread], the only way to enter or unshare a
// namespace, on a thread that is destroyed afterwards; and [Spawn], which
// clones a child that runs nothing but a prepared list of system calls.
//
// The package decides nothing and imports no other room. Rooms that touch the
// kernel call it; nothing else does.
package kernel
