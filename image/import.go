package image

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Import makes an image of one layer from the tarball of a root file system,
// which may be compressed with gzip or zstd, and of cfg, which says how to
// start it. The same tarball, with the same time of change, and cfg give the
// same image. Limits hold; errors match the causes in this package.
func (s *Store) Import(ctx context.Context, name, tarball string, cfg v1.Config) (Image, error) {
	n, err := parseName(name)
	if err != nil {
		return Image{}, err
	}
	st, err := os.Stat(tarball)
	if err != nil {
		return Image{}, fmt.Errorf("root file system: %w", err)
	}
	in, err := s.begin(ctx)
	if err != nil {
		return Image{}, err
	}
	defer in.end()
	images, err := in.add(ctx, []offer{{
		names:  []string{tagged(n)},
		layers: []offeredLayer{{size: -1, open: func(context.Context) (io.ReadCloser, error) { return os.Open(tarball) }}},
		makeConfig: func(diffIDs []v1.Hash) ([]byte, error) {
			return importedConfig(cfg, diffIDs, st.ModTime().UTC().Truncate(time.Second), filepath.Base(tarball))
		},
	}})
	if err != nil {
		return Image{}, fmt.Errorf("root file system %s: %w", tarball, err)
	}
	return images[0], nil
}

func importedConfig(cfg v1.Config, diffIDs []v1.Hash, created time.Time, from string) ([]byte, error) {
	b, err := json.Marshal(v1.ConfigFile{
		Architecture: runtime.GOARCH, OS: "linux",
		Created: v1.Time{Time: created},
		Config:  cfg,
		RootFS:  v1.RootFS{Type: "layers", DiffIDs: diffIDs},
		History: []v1.History{{Created: v1.Time{Time: created}, CreatedBy: "minipod image import", Comment: from}},
	})
	if err != nil {
		return nil, fmt.Errorf("image configuration: %w", err)
	}
	return b, nil
}
