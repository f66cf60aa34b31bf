package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression is told from the first bytes, not from what a manifest says:
// archives in the wild have it wrong both ways.
type compression int

const (
	plain compression = iota
	gzipped
	zstandard
)

var magics = []struct {
	bytes []byte
	is    compression
	name  string // of what is not read
}{
	{[]byte{0x1f, 0x8b}, gzipped, ""},
	{[]byte{0x28, 0xb5, 0x2f, 0xfd}, zstandard, ""},
	{[]byte("BZh"), 0, "bzip2"},
	{[]byte{0xfd, '7', 'z', 'X', 'Z', 0}, 0, "xz"},
	{[]byte{'P', 'K', 3, 4}, 0, "zip"},
}

func sniff(r *bufio.Reader) (compression, error) {
	const longest = 6
	head, err := r.Peek(longest)
	if err != nil && !errors.Is(err, io.EOF) {
		return plain, err
	}
	for _, m := range magics {
		if !bytes.HasPrefix(head, m.bytes) {
			continue
		}
		if m.name != "" {
			return plain, fmt.Errorf("%w: compressed with %s; gzip and zstd are", ErrUnsupported, m.name)
		}
		return m.is, nil
	}
	return plain, nil
}

// mediaType is what OCI calls a layer in this form.
func (c compression) mediaType() types.MediaType {
	switch c {
	case gzipped:
		return types.OCILayer
	case zstandard:
		return types.OCILayerZStd
	case plain:
	}
	return types.OCIUncompressedLayer
}

// reader gives the uncompressed content of r. The caller closes it.
func (c compression) reader(r io.Reader) (io.ReadCloser, error) {
	switch c {
	case gzipped:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, streamError(err)
		}
		return z, nil
	case zstandard:
		// The window is memory that the archive asks for: 128 MiB is what
		// zstd --long=27 needs, the most that its own command takes unasked.
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, streamError(err)
		}
		return z.IOReadCloser(), nil
	case plain:
	}
	return io.NopCloser(r), nil
}

// streamError says of an error from reading what kind of trouble it is.
func streamError(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrTooBig), errors.Is(err, ErrTruncated), errors.Is(err, ErrMalformed), errors.Is(err, ErrDigest):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated
	case errors.Is(err, tar.ErrHeader):
		return fmt.Errorf("%w: not a tar archive, or a broken one", ErrMalformed)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	case errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, zstd.ErrReservedBlockType),
		errors.Is(err, zstd.ErrBlockTooSmall), errors.Is(err, zstd.ErrCompressedSizeTooBig),
		errors.Is(err, zstd.ErrWindowSizeTooSmall):
		return fmt.Errorf("%w: zstd: %w", ErrMalformed, err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("%w: zstd: %w", ErrTooBig, err)
	default:
		return err
	}
}
