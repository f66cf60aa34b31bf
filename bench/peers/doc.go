// Command peers puts minipod beside its peers, in one run, and prints one
// table: what was measured, the medians, their ratio, and the ratio that
// minipod has to reach.
//
// The contenders of a line take turns, so that a machine that slows down slows
// all of them. A cold start ends when the program of the last container runs:
// the program itself tells, by a FIFO on a hostPath (bench/stamp.c). Everything is
// kept in one temporary directory; podman, crun and runc also get mount and
// network namespaces of their own, so that they neither see nor change the
// host's. A peer that is not installed, or that fails, is left out of the
// table and named below it.
//
// bench/run builds it and calls it from the top of the checkout, where it finds
// its files in bench/ and what is measured in build/. It needs root.
package main
