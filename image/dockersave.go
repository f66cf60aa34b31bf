package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// dockerImage is one element of manifest.json in an archive of docker save
// (https://github.com/moby/docker-image-spec).
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// dockerOffers reads an archive of docker save. fs.ErrNotExist means that it
// is none.
func dockerOffers(f files) ([]offer, error) {
	r, _, err := f.open("manifest.json")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := readJSON(r, "manifest.json", v1.Hash{})
	if err != nil {
		return nil, err
	}
	var all []dockerImage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("manifest.json: %w: %w", ErrMalformed, err)
	}
	var offers []offer
	for _, d := range all {
		o, err := d.offer(f)
		if err != nil {
			return nil, err
		}
		offers = append(offers, o)
	}
	return offers, nil
}

func (d dockerImage) offer(f files) (o offer, err error) {
	for _, tag := range d.RepoTags {
		n, err := parseName(tag)
		if err != nil {
			return o, err
		}
		o.names = append(o.names, tagged(n))
	}
	r, _, err := f.open(d.Config)
	if err != nil {
		return o, fmt.Errorf("image configuration: %w", absent(err, d.Config))
	}
	defer r.Close()
	// The file is called after its digest, as everything else hangs on it.
	digest, err := v1.NewHash("sha256:" + strings.TrimSuffix(path.Base(d.Config), ".json"))
	if err != nil {
		digest = v1.Hash{}
	}
	if o.config, err = readJSON(r, "image configuration", digest); err != nil {
		return o, err
	}
	c, err := parseConfig(o.config)
	if err != nil {
		return o, err
	}
	if len(d.Layers) != len(c.RootFS.DiffIDs) {
		return o, fmt.Errorf("%w: archive of %d layers, configuration of %d", ErrMalformed, len(d.Layers), len(c.RootFS.DiffIDs))
	}
	for i, name := range d.Layers {
		// The digest of the layer as it stands there is known to nobody.
		o.layers = append(o.layers, offeredLayer{
			size: -1, diffID: c.RootFS.DiffIDs[i],
			open: func(context.Context) (io.ReadCloser, error) {
				r, _, err := f.open(name)
				return r, absent(err, name)
			},
		})
	}
	return o, nil
}

func absent(err error, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is not in the archive", ErrMalformed, printable(name))
	}
	return err
}
