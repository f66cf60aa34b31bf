// Package image turns an image into read-only layer directories and a
// configuration.
//
// A [Store] takes images in from archives, root file system tarballs and
// registries, keeps them by digest, and answers what a name means. Package pod
// asks it for the layers of a container's root; package cli for everything
// behind `minipod image`.
//
// The store's directory is an OCI image layout, so that the usual tools can
// read it, with the unpacked layers beside it:
//
//	lock          shared by those who add, exclusive to those who remove
//	commit        held for the moment in which a change becomes visible
//	index.json    which names stand for which manifests: the only truth about names
//	blobs/        manifests, configurations and layers, bit for bit as they came
//	l/NNN/        one unpacked layer each, ready to be a lower directory of overlay
//	layers/       one record per unpacked layer, by the digest of its content
//	tmp/          what is not finished; swept when its owner is gone
//
// The package promises that a layer under l/ which has a record is whole and
// has the digest that its image names; that nothing an archive says is ever
// written outside the directory of its layer; and that whatever goes wrong
// leaves the store as it was. It mounts nothing and starts nothing.
package image
