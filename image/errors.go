package image

import (
	"errors"
	"fmt"
)

// What an archive, a registry or a request can be refused for. All errors of
// this package that have one of these causes match it with errors.Is.
var (
	// ErrNotFound: the store (or the registry asked) has no such image.
	ErrNotFound = errors.New("image not found")
	// ErrBadName: the text cannot be the name of an image.
	ErrBadName = errors.New("invalid image name")
	// ErrInUse: the image belongs to a pod that exists.
	ErrInUse = errors.New("image is in use")
	// ErrEscape: an entry of a layer leads, or may lead, outside the layer.
	ErrEscape = errors.New("entry leads outside the layer")
	// ErrDevice: a layer brings a device node.
	ErrDevice = errors.New("device nodes are not accepted in images")
	// ErrTooBig: a limit of [Limits] or of a format was passed.
	ErrTooBig = errors.New("larger than the limit")
	// ErrDigest: content is not what its digest says.
	ErrDigest = errors.New("digest does not match")
	// ErrTruncated: a stream ends early.
	ErrTruncated = errors.New("stream is truncated")
	// ErrMalformed: content breaks the rules of its format.
	ErrMalformed = errors.New("malformed")
	// ErrUnsupported: a format that is known, and not read by minipod.
	ErrUnsupported = errors.New("not supported")
	// ErrPlatform: there is such an image, but not for this kind of machine.
	ErrPlatform = errors.New("no image for this platform")
	// ErrDenied: the registry wants other credentials than those it was given.
	ErrDenied = errors.New("access denied")
	// ErrPlainHTTP: a registry that is not on this machine was to be asked
	// without encryption.
	ErrPlainHTTP = errors.New("plain HTTP is only used for registries on this machine")
)

// LayerError says which layer, and if it is about one, which entry of it was
// refused.
type LayerError struct {
	Layer string // digest, or "layer N" where there is none yet
	Entry string // name in the archive as it stands there; "" for the whole layer
	Err   error
}

func (e *LayerError) Error() string {
	if e.Entry == "" {
		return fmt.Sprintf("layer %s: %v", e.Layer, e.Err)
	}
	return fmt.Sprintf("layer %s: %s: %v", e.Layer, printable(e.Entry), e.Err)
}

// Unwrap gives the cause.
func (e *LayerError) Unwrap() error { return e.Err }

// printable quotes a name that comes from an archive: it may hold escape
// sequences for the terminal, and be very long.
func printable(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most] + "…"
	}
	return fmt.Sprintf("%q", name)
}
