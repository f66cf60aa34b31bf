// Build makes the images of the examples without any image registry: from
// Debian's packages, and from C sources in this repository.
//
// Each folder of -recipes that holds an image.json is a recipe:
//
//	image.json  names and config; "debian" names a suite to start from,
//	            "from" another recipe; with neither, the image starts empty
//	install     a script: in the root of the image where there is a base,
//	            else on this machine with ROOT and RECIPE set
//	files/      what is copied into the root last
//
// An image that has a base is one layer on top of it: the upper folder of an
// overlay mount in which the script ran. The result is one OCI archive for
// each recipe, made anew only when the recipe, or that of its base, changed.
package main
