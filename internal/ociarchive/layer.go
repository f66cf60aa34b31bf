package ociarchive

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/pgzip"
)

// layer is a gzip'ed layer in a file, with both digests known from writing it.
type layer struct {
	path           string
	digest, diffID v1.Hash
	size           int64
}

func (l *layer) Digest() (v1.Hash, error)             { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)             { return l.diffID, nil }
func (l *layer) Size() (int64, error)                 { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error)  { return types.OCILayer, nil }
func (l *layer) Compressed() (io.ReadCloser, error)   { return os.Open(l.path) }
func (l *layer) Uncompressed() (io.ReadCloser, error) { return openGzip(l.path) }

func openGzip(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	z, err := pgzip.NewReader(f)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// Layer writes the tree under dir to the new file out and returns it as a
// layer, which reads from that file for as long as it is used.
//
// The tree may be the upper folder of an overlay mount: its whiteouts and
// opaque folders become those of the OCI format. Other device nodes and
// sockets are left out; owners, modes, times, hard links and the xattrs
// security.capability and user.* are kept.
func Layer(dir, out string) (v1.Layer, error) {
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("layer file: %w", err)
	}
	l, err := writeLayer(dir, f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("layer of %s: %w", dir, err)
	}
	return l, nil
}

func writeLayer(dir string, f *os.File) (*layer, error) {
	packed := &sum{w: f, h: sha256.New()}
	z := pgzip.NewWriter(packed)
	plain := &sum{w: z, h: sha256.New()}
	t := tar.NewWriter(plain)
	if err := writeTree(t, dir); err != nil {
		return nil, err
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return &layer{path: f.Name(), digest: packed.digest(), diffID: plain.digest(), size: packed.n}, nil
}

// sum passes on what is written and knows its length and SHA-256.
type sum struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (s *sum) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.h.Write(p[:n])
	s.n += int64(n)
	return n, err
}

func (s *sum) digest() v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(s.h.Sum(nil))}
}
