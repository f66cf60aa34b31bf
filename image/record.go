package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const recordVersion = "minipod/v1"

// record says that an unpacked layer is whole. Without one a directory under
// l/ is the leftover of a crash.
type record struct {
	Version string   `json:"version"`
	DiffID  v1.Hash  `json:"diffID"`
	Dir     string   `json:"dir"`   // below l/
	Bytes   int64    `json:"bytes"` // of the regular files
	Files   int64    `json:"files"`
	Opaque  bool     `json:"opaque,omitempty"` // hides all layers below it
	Blobs   []string `json:"blobs"`            // forms in which it came, compressed or not
}

// layerKey names the record of a layer. Mostly that is its diffID; a layer
// that takes attributes of directories over from the layers below it (see
// inherit.go) is only good for these.
type layerKey struct {
	diffID v1.Hash
	below  string // the chain of the layers below; "" for the lowest
}

func (k layerKey) own() string { return k.diffID.Hex + ".json" }

func (k layerKey) chained() string {
	const enough = 16
	return k.diffID.Hex + "-" + k.below[:min(enough, len(k.below))] + ".json"
}

// chain is the name of a stack of layers: OCI's ChainID with the first
// layer's also hashed.
func chain(below string, diffID v1.Hash) string {
	sum := sha256.Sum256([]byte(below + " " + diffID.String()))
	return hex.EncodeToString(sum[:])
}

// findLayer needs no lock; ok is false when the layer must be unpacked.
func (s *Store) findLayer(k layerKey) (r record, ok bool, err error) {
	for _, name := range []string{k.own(), k.chained()} {
		r, err = s.readRecord(name)
		if err == nil {
			return r, true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return record{}, false, err
		}
	}
	return record{}, false, nil
}

func (s *Store) readRecord(name string) (record, error) {
	b, err := os.ReadFile(s.path(dirRecords, name))
	if err != nil {
		return record{}, fmt.Errorf("layer record: %w", err)
	}
	var r record
	if err := json.Unmarshal(b, &r); err != nil {
		return record{}, fmt.Errorf("layer record %s: %w: %w", name, ErrMalformed, err)
	}
	if r.Version != recordVersion {
		return record{}, fmt.Errorf("layer record %s: version %q: %w", name, r.Version, ErrUnsupported)
	}
	return r, nil
}

func (s *Store) writeRecord(name string, r record) error {
	r.Version = recordVersion
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("layer record: %w", err)
	}
	if err := s.writeFile(s.path(dirRecords, name), b); err != nil {
		return fmt.Errorf("layer record: %w", err)
	}
	return nil
}

// knows reports whether blob was seen to hold the layer of r.
func (r record) knows(blob v1.Hash) bool { return slices.Contains(r.Blobs, blob.String()) }

// freshDir is a name for a new layer. To be called within Store.change.
func (s *Store) freshDir() (string, error) {
	names, err := os.ReadDir(s.path(dirLayers))
	if err != nil {
		return "", fmt.Errorf("image store: %w", err)
	}
	last := 0
	for _, e := range names {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			last = max(last, n)
		}
	}
	return strconv.Itoa(last + 1), nil
}
