package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"
)

// offer is an image that somebody has and the store is to take in.
type offer struct {
	names  []string // full; none for an image without a name
	origin string
	asked  string // the digest that a registry has the image under; or ""

	manifest     []byte // nil: to be made from the layers
	manifestType types.MediaType
	config       []byte         // nil: made by makeConfig
	layers       []offeredLayer // the lowest first

	// makeConfig is for a config that depends on what is found in the layers.
	makeConfig func(diffIDs []v1.Hash) ([]byte, error)
}

// want is one distinct layer of all that are offered at once.
type want struct {
	offeredLayer
	key    layerKey
	staged stagedLayer
}

// add verifies and unpacks what the store lacks of the offers, several layers
// at a time, and then makes all of them visible, or none.
func (in *intake) add(ctx context.Context, offers []offer) ([]Image, error) {
	wants := map[string]*want{}
	stacks := make([][]*want, len(offers))
	for i, o := range offers {
		stacks[i] = gather(wants, o.layers)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, w := range wants {
		g.Go(func() error { return in.fetch(gctx, w) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := in.s.sync(); err != nil {
		return nil, err
	}
	digests := make([]v1.Hash, len(offers))
	err := in.s.change(func() (err error) {
		for i, o := range offers {
			if digests[i], err = in.commit(o, stacks[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return in.s.byManifests(digests)
}

// gather finds the layers that several images share.
func gather(wants map[string]*want, layers []offeredLayer) []*want {
	var stack []*want
	below := ""
	for _, l := range layers {
		key := layerKey{l.diffID, below}
		below = chain(below, l.diffID)
		id := fmt.Sprintf("%s %s %s", l.blob, l.diffID, key.below)
		if l.diffID == (v1.Hash{}) {
			id = fmt.Sprintf("unknown %d", len(wants))
		}
		if wants[id] == nil {
			wants[id] = &want{offeredLayer: l, key: key}
		}
		stack = append(stack, wants[id])
	}
	return stack
}

// fetch stages what the store lacks of one layer.
func (in *intake) fetch(ctx context.Context, w *want) error {
	var rec record
	have := false
	if w.diffID != (v1.Hash{}) {
		var err error
		if rec, have, err = in.s.findLayer(w.key); err != nil {
			return err
		}
	}
	kept := in.s.hasBlob(w.blob)
	if have && kept && rec.knows(w.blob) {
		w.staged = stagedLayer{diffID: w.diffID, Descriptor: v1.Descriptor{Digest: w.blob, Size: w.size}}
		return nil
	}
	l := w.offeredLayer
	if kept {
		l.open = func(context.Context) (io.ReadCloser, error) { return os.Open(in.s.blobPath(w.blob)) }
	}
	var err error
	w.staged, err = in.stage(ctx, l, !kept, !have)
	return err
}

// commit moves the parts of one image to where they belong, and then lets the
// index name it. Within Store.change.
func (in *intake) commit(o offer, stack []*want) (v1.Hash, error) {
	var lower []string
	var diffIDs []v1.Hash
	for _, w := range stack {
		dir, err := in.commitLayer(w, lower)
		if err != nil {
			return v1.Hash{}, &LayerError{Layer: w.name(), Err: err}
		}
		lower, diffIDs = append(lower, dir), append(diffIDs, w.staged.diffID)
	}
	if o.makeConfig != nil {
		var err error
		if o.config, err = o.makeConfig(diffIDs); err != nil {
			return v1.Hash{}, err
		}
	}
	if _, err := in.s.putBlob(o.config); err != nil {
		return v1.Hash{}, err
	}
	if o.manifest == nil {
		var err error
		if o.manifest, err = newManifest(o.config, stack); err != nil {
			return v1.Hash{}, err
		}
		o.manifestType = types.OCIManifestSchema1
	}
	h, err := in.s.putBlob(o.manifest)
	if err != nil {
		return v1.Hash{}, err
	}
	return h, in.s.enter(v1.Descriptor{MediaType: o.manifestType, Size: int64(len(o.manifest)), Digest: h}, o)
}

// commitLayer gives the directory of the layer, whose record is written last:
// it says that the layer is whole.
func (in *intake) commitLayer(w *want, lower []string) (string, error) {
	st := w.staged
	if err := in.commitBlob(st); err != nil {
		return "", err
	}
	key := layerKey{st.diffID, w.key.below}
	rec, ok, err := in.s.findLayer(key)
	if err != nil {
		return "", err
	}
	name := key.own()
	if ok {
		return in.s.path(dirLayers, rec.Dir), in.s.noteBlob(key, rec, st.Digest)
	}
	if st.dir == "" {
		return "", fmt.Errorf("%w while it was being reused", ErrNotFound)
	}
	if len(st.implied) > 0 {
		name = key.chained()
		if err := inherit(st.dir, st.implied, lower); err != nil {
			return "", err
		}
	}
	rec = record{DiffID: st.diffID, Bytes: st.bytes, Files: st.files, Opaque: st.opaque, Blobs: []string{st.Digest.String()}}
	if rec.Dir, err = in.s.freshDir(); err != nil {
		return "", err
	}
	dir := in.s.path(dirLayers, rec.Dir)
	if err := os.Rename(st.dir, dir); err != nil {
		return "", err
	}
	return dir, in.s.writeRecord(name, rec)
}

// noteBlob adds a form in which the layer was seen to the record.
func (s *Store) noteBlob(key layerKey, rec record, blob v1.Hash) error {
	if rec.knows(blob) {
		return nil
	}
	rec.Blobs = append(rec.Blobs, blob.String())
	name := key.own()
	if _, err := s.readRecord(name); err != nil {
		name = key.chained()
	}
	return s.writeRecord(name, rec)
}

func (in *intake) commitBlob(st stagedLayer) error {
	if st.blobFile == "" {
		return nil
	}
	to := in.s.blobPath(st.Digest)
	if err := os.MkdirAll(in.s.path(dirBlobs, st.Digest.Algorithm), 0o700); err != nil {
		return err
	}
	err := os.Rename(st.blobFile, to)
	if errors.Is(err, os.ErrNotExist) && in.s.hasBlob(st.Digest) {
		return nil // two of the images share the layer
	}
	return err
}

// putBlob keeps a manifest or a configuration.
func (s *Store) putBlob(content []byte) (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(content))
	if err != nil {
		return h, fmt.Errorf("digest: %w", err)
	}
	if s.hasBlob(h) {
		return h, nil
	}
	err = os.MkdirAll(s.path(dirBlobs, h.Algorithm), 0o700)
	if err == nil {
		err = s.writeFile(s.blobPath(h), content)
	}
	if err != nil {
		return h, fmt.Errorf("image store: %w", err)
	}
	return h, nil
}

func newManifest(config []byte, stack []*want) ([]byte, error) {
	h, n, err := v1.SHA256(bytes.NewReader(config))
	if err != nil {
		return nil, fmt.Errorf("digest: %w", err)
	}
	m := v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		Config:        v1.Descriptor{MediaType: types.OCIConfigJSON, Size: n, Digest: h},
		Layers:        []v1.Descriptor{},
	}
	for _, w := range stack {
		m.Layers = append(m.Layers, w.staged.Descriptor)
	}
	return json.Marshal(m)
}
