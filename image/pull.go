package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// PullOptions say how to reach a registry. The zero value is what docker
// would do.
type PullOptions struct {
	// Platform to choose from an index; zero is Linux on this machine's
	// architecture. Empty fields match anything.
	Platform v1.Platform
	// Keychain gives credentials for a registry; nil is those of
	// ~/.docker/config.json.
	Keychain authn.Keychain
	// Transport of the requests; nil is the default one, with the proxy from
	// the environment.
	Transport http.RoundTripper
	// Insecure allows plain HTTP to any registry. Without it, only to those on
	// the loopback interface.
	Insecure bool
}

// Pull takes the image that a name means in its registry: by tag or by digest.
// Layers that the store has are not fetched. ErrNotFound, ErrDenied,
// ErrPlatform, ErrDigest and the causes of Load say what went wrong.
func (s *Store) Pull(ctx context.Context, image string, o PullOptions) (Image, error) {
	n, err := parseName(image)
	if err != nil {
		return Image{}, err
	}
	in, err := s.begin(ctx)
	if err != nil {
		return Image{}, err
	}
	defer in.end()
	found, err := fetchOffer(ctx, n, o)
	if err != nil {
		return Image{}, fmt.Errorf("pull of %s: %w", tagged(n), registryError(err))
	}
	images, err := in.add(ctx, []offer{found})
	if err != nil {
		return Image{}, fmt.Errorf("pull of %s: %w", tagged(n), registryError(err))
	}
	return images[0], nil
}

// remoteRepo is one repository of a registry, with the credentials for it.
type remoteRepo struct {
	name.Repository
	puller *remote.Puller
}

func fetchOffer(ctx context.Context, n reference.Named, o PullOptions) (offer, error) {
	ref, repo, err := connect(n, o)
	if err != nil {
		return offer{}, err
	}
	top, err := repo.puller.Get(ctx, ref)
	if err != nil {
		return offer{}, err
	}
	image := top
	if top.MediaType.IsIndex() {
		if image, err = repo.choose(ctx, top, o.Platform); err != nil {
			return offer{}, err
		}
	}
	m, err := parseManifest(image.Manifest)
	if err != nil {
		return offer{}, err
	}
	config, err := repo.config(ctx, m.Config)
	if err != nil {
		return offer{}, err
	}
	layers, err := layersOf(m, config, func(d v1.Descriptor) (io.ReadCloser, error) {
		return repo.blob(ctx, d)
	})
	return offer{
		names: []string{tagged(n)}, origin: originPull, asked: top.Digest.String(),
		manifest: image.Manifest, manifestType: image.MediaType, config: config, layers: layers,
	}, err
}

func connect(n reference.Named, o PullOptions) (name.Reference, remoteRepo, error) {
	var how []name.Option
	if o.Insecure {
		how = append(how, name.Insecure)
	}
	ref, err := name.ParseReference(tagged(n), how...)
	if err != nil {
		return nil, remoteRepo{}, fmt.Errorf("%w: %w", ErrBadName, err)
	}
	if o.Keychain == nil {
		o.Keychain = authn.DefaultKeychain
	}
	if o.Transport == nil {
		o.Transport = remote.DefaultTransport
	}
	puller, err := remote.NewPuller(
		remote.WithAuthFromKeychain(o.Keychain),
		remote.WithTransport(guard{o.Transport, o.Insecure}),
		remote.WithUserAgent("minipod"),
	)
	if err != nil {
		return nil, remoteRepo{}, fmt.Errorf("registry client: %w", err)
	}
	return ref, remoteRepo{ref.Context(), puller}, nil
}

func (r remoteRepo) choose(ctx context.Context, top *remote.Descriptor, want v1.Platform) (*remote.Descriptor, error) {
	if want.OS == "" && want.Architecture == "" {
		want = v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
	}
	ix, err := parseIndex(top.Manifest)
	if err != nil {
		return nil, err
	}
	child, err := choose(ix.Manifests, want)
	if err != nil {
		return nil, err
	}
	return r.puller.Get(ctx, r.Digest(child.Digest.String()))
}

func (r remoteRepo) blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	l, err := r.puller.Layer(ctx, r.Digest(d.Digest.String()))
	if err != nil {
		return nil, err
	}
	rc, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	return &remoteBlob{rc, ctx, d.Size}, nil
}

// remoteBlob says what an error in the middle of a blob means: the client
// verifies digests too, but hides the type of its error.
type remoteBlob struct {
	io.ReadCloser
	ctx  context.Context
	left int64
}

func (b *remoteBlob) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return n, err
	case b.ctx.Err() != nil:
		return n, b.ctx.Err()
	case b.left <= 0:
		return n, fmt.Errorf("%w: %w", ErrDigest, err)
	}
	return n, fmt.Errorf("%w: %w", ErrTruncated, err)
}

func (r remoteRepo) config(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	what := "image configuration " + d.Digest.String()
	rc, err := r.blob(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rc.Close()
	return readJSON(rc, what, d.Digest)
}

// registryError says what a registry's answer means.
func registryError(err error) error {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%w in the registry: %w", ErrNotFound, err)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w, or there is no such image: %w", ErrDenied, err)
	}
	return err
}
