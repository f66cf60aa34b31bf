package image

import (
	"fmt"
	"io"
)

// Limits bound what one layer may unpack to, against archives made to fill a
// disk. A zero field means the default.
type Limits struct {
	// Bytes of the uncompressed layer, and of the files in it. Default 64 GiB.
	Bytes int64
	// Files counts entries of every type, and directories that only the names
	// of entries imply. Default 4,000,000.
	Files int64
}

const (
	defaultBytes = 64 << 30
	defaultFiles = 4_000_000

	// mostJSON bounds manifests, indexes and configurations, which are read
	// into memory. Registries commonly refuse more than 4 MiB.
	mostJSON = 16 << 20
	// mostNames bounds the memory (in bytes) that names of one layer may take
	// while it is unpacked.
	mostNames = 256 << 20
	// mostPath is the kernel's PATH_MAX.
	mostPath = 4096
)

func (l Limits) orDefault() Limits {
	if l.Bytes <= 0 {
		l.Bytes = defaultBytes
	}
	if l.Files <= 0 {
		l.Files = defaultFiles
	}
	return l
}

func tooMany(what string, limit int64) error {
	return fmt.Errorf("%w of %d %s per layer", ErrTooBig, limit, what)
}

// bounded reads at most left bytes; then it gives over, where io.LimitReader
// would pretend that the stream ended well.
type bounded struct {
	r    io.Reader
	left int64
	over error
}

func atMost(r io.Reader, limit int64) *bounded {
	return &bounded{r, limit, fmt.Errorf("%w of %d bytes", ErrTooBig, limit)}
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		if n, err := b.r.Read(p[:min(1, len(p))]); n == 0 {
			return 0, err
		}
		return 0, b.over
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
