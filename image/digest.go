package image

import (
	"bytes"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// meter counts and hashes what passes.
type meter struct {
	sum  hash.Hash
	algo string
	n    int64
}

// newMeter hashes with the algorithm of want, or SHA-256 if want is empty.
func newMeter(want v1.Hash) (*meter, error) {
	algo := want.Algorithm
	if algo == "" {
		algo = "sha256"
	}
	h, err := v1.Hasher(algo)
	if err != nil {
		return nil, fmt.Errorf("%w: digest algorithm %s", ErrUnsupported, algo)
	}
	return &meter{sum: h, algo: algo}, nil
}

func (m *meter) Write(p []byte) (int, error) {
	m.n += int64(len(p))
	return m.sum.Write(p)
}

func (m *meter) digest() v1.Hash {
	return v1.Hash{Algorithm: m.algo, Hex: fmt.Sprintf("%x", m.sum.Sum(nil))}
}

// check compares with what was promised; an empty want promises nothing.
func (m *meter) check(what string, want v1.Hash) error {
	if got := m.digest(); want != (v1.Hash{}) && got != want {
		return fmt.Errorf("%s: %w: %s was expected, the content has %s", what, ErrDigest, want, got)
	}
	return nil
}

// readJSON takes in a small blob whole, and verifies it if want is not empty.
func readJSON(r io.Reader, what string, want v1.Hash) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, mostJSON+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if len(b) > mostJSON {
		return nil, fmt.Errorf("%s: %w of %d bytes", what, ErrTooBig, mostJSON)
	}
	m, err := newMeter(want)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	_, _ = m.Write(b)
	return b, m.check(what, want)
}

func parseManifest(raw []byte) (*v1.Manifest, error) {
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("manifest: %w: %w", ErrMalformed, err)
	}
	return m, nil
}

func parseConfig(raw []byte) (*v1.ConfigFile, error) {
	c, err := v1.ParseConfigFile(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("image configuration: %w: %w", ErrMalformed, err)
	}
	return c, nil
}
