package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Load takes in every image of an archive at path: an OCI archive, an OCI
// layout directory or what docker save writes, the archives also compressed
// with gzip or zstd. The images get the names that the archive has for them,
// which are taken away from other images. For every layer, Limits hold.
//
// Either all images are there afterwards, or the store is as before; errors
// match the causes in this package.
func (s *Store) Load(ctx context.Context, path string) ([]Image, error) {
	return s.load(ctx, path, func(all []offer) ([]offer, error) { return all, nil })
}

// LoadAs takes in the one image of an archive under name, whatever the
// archive calls it; without any name if name is "". Of an archive with
// several images it takes the one that the archive calls name.
func (s *Store) LoadAs(ctx context.Context, path, name string) (Image, error) {
	full := ""
	if name != "" {
		n, err := parseName(name)
		if err != nil {
			return Image{}, err
		}
		full = tagged(n)
	}
	images, err := s.load(ctx, path, func(offers []offer) ([]offer, error) {
		return only(offers, full)
	})
	if err != nil {
		return Image{}, err
	}
	return images[0], nil
}

func only(offers []offer, name string) ([]offer, error) {
	names := []string{name}
	if name == "" {
		names = nil
	}
	if len(offers) == 1 {
		offers[0].names = names
		return offers, nil
	}
	for _, o := range offers {
		for _, n := range o.names {
			if n == name {
				o.names = names
				return []offer{o}, nil
			}
		}
	}
	return nil, fmt.Errorf("archive of %d images, none of them called %q: %w", len(offers), name, ErrNotFound)
}

func (s *Store) load(ctx context.Context, path string, choose func([]offer) ([]offer, error)) ([]Image, error) {
	in, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer in.end()
	f, err := in.openFiles(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("archive %s: %w", path, err)
	}
	defer f.close()
	offers, err := offersIn(f)
	if err == nil {
		offers, err = choose(offers)
	}
	if err != nil {
		return nil, fmt.Errorf("archive %s: %w", path, err)
	}
	images, err := in.add(ctx, offers)
	if err != nil {
		return nil, fmt.Errorf("archive %s: %w", path, err)
	}
	return images, nil
}

// offersIn tells the formats apart. docker save writes both since version 25;
// OCI's part knows the digests.
func offersIn(f files) ([]offer, error) {
	offers, err := ociOffers(f)
	if errors.Is(err, fs.ErrNotExist) {
		offers, err = dockerOffers(f)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: neither an OCI archive nor one of docker save (for a root file system use image import)", ErrMalformed)
	case err != nil:
		return nil, err
	case len(offers) == 0:
		return nil, fmt.Errorf("%w: the archive holds no image", ErrMalformed)
	}
	return offers, nil
}
