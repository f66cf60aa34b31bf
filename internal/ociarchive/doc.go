// Package ociarchive writes container images as OCI archives: the file format
// that `minipod image load` reads, and podman and docker too.
//
// The tests and the builder of the example images call it. It turns a folder,
// or the upper folder of an overlay mount, into one compressed layer, and
// images into one tar file. It reads no archive: that is the work of the room
// image, which is tested with what is written here.
package ociarchive
