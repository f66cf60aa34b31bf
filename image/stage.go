package image

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// offeredLayer is a layer that somebody has. What he does not know about it
// is zero, and is found out.
type offeredLayer struct {
	blob   v1.Hash // as it comes, compressed or not
	size   int64   // of the blob; -1 if unknown
	diffID v1.Hash // of the uncompressed tar
	open   func(context.Context) (io.ReadCloser, error)
}

func (l offeredLayer) name() string {
	if l.diffID != (v1.Hash{}) {
		return l.diffID.String()
	}
	return l.blob.String()
}

// stagedLayer is a layer that was read to its end and verified.
type stagedLayer struct {
	v1.Descriptor         // of the blob
	diffID        v1.Hash // of the uncompressed tar
	blobFile      string  // in the intake; "" if the store has it
	dir           string  // in the intake; "" if the store has it
	unpacked
}

// stage reads a layer once, and on the way keeps the blob, verifies both
// digests and unpacks: each of these only where it is called for. Bytes that
// have not been verified yet reach nothing but the intake.
func (in *intake) stage(ctx context.Context, l offeredLayer, keep, unpackIt bool) (stagedLayer, error) {
	st, err := in.stageIn(ctx, l, keep, unpackIt)
	var e *entryError
	switch {
	case err == nil:
		return st, nil
	case errors.As(err, &e):
		return st, &LayerError{Layer: l.name(), Entry: e.name, Err: e.err}
	default:
		return st, &LayerError{Layer: l.name(), Err: err}
	}
}

func (in *intake) stageIn(ctx context.Context, l offeredLayer, keep, unpackIt bool) (stagedLayer, error) {
	var st stagedLayer
	src, err := l.open(ctx)
	if err != nil {
		return st, err
	}
	defer src.Close()
	blob, err := newMeter(l.blob)
	if err != nil {
		return st, err
	}
	sinks := []io.Writer{blob}
	if keep {
		f, err := os.CreateTemp(in.tmp, "blob-")
		if err != nil {
			return st, err
		}
		defer f.Close()
		st.blobFile, sinks = f.Name(), append(sinks, f)
	}
	if unpackIt {
		if st.dir, err = os.MkdirTemp(in.tmp, "layer-"); err != nil {
			return st, err
		}
		// The mode of the container's root, unless the archive says another.
		if err := os.Chmod(st.dir, 0o755); err != nil {
			return st, err
		}
	}
	raw := bufio.NewReaderSize(io.TeeReader(in.source(ctx, src, l.size), io.MultiWriter(sinks...)), 128<<10)
	how, err := sniff(raw)
	if err != nil {
		return st, streamError(err)
	}
	diff, err := newMeter(l.diffID)
	if err != nil {
		return st, err
	}
	hashed := diff
	if how == plain && diff.algo == blob.algo {
		diff, hashed = blob, nil // the same bytes: hash them once
	}
	if st.unpacked, err = in.consume(ctx, raw, how, hashed, st.dir); err != nil {
		return st, in.blame(err, raw, blob, l)
	}
	st.Descriptor = v1.Descriptor{MediaType: how.mediaType(), Size: blob.n, Digest: blob.digest()}
	st.diffID = diff.digest()
	return st, errors.Join(short(blob, l.size), blob.check("content", l.blob), diff.check("uncompressed content", l.diffID))
}

// source bounds what is read from src by the size that was promised.
func (in *intake) source(ctx context.Context, src io.Reader, size int64) io.Reader {
	r := &cancelable{ctx, src}
	if size < 0 {
		return atMost(r, in.s.Limits.orDefault().Bytes)
	}
	return &bounded{r, size, fmt.Errorf("%w: there are more than the %d bytes that were promised", ErrDigest, size)}
}

// consume carries the blob through decompression to the directory (or, where
// dir is "", nowhere), hashes it on the way if diff is not nil, and reads what is left to the end, so that the meters
// have seen all.
func (in *intake) consume(ctx context.Context, raw io.Reader, how compression, diff *meter, dir string) (u unpacked, err error) {
	z, err := how.reader(raw)
	if err != nil {
		return u, err
	}
	defer z.Close()
	limits := in.s.Limits.orDefault()
	// Headers are not bytes of files: half a kilobyte each, and padding.
	ahead := readAhead(atMost(z, limits.Bytes+limits.Files*1024))
	defer ahead.close()
	var content io.Reader = ahead
	if diff != nil {
		// On this side: decompression alone takes as long as all the rest.
		content = io.TeeReader(content, diff)
	}
	if dir != "" {
		if u, err = unpack(ctx, content, dir, limits); err != nil {
			return u, err
		}
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return u, streamError(err)
	}
	_, err = io.Copy(io.Discard, raw)
	return u, streamError(err)
}

// blame finds the better reason for content that cannot be read: mostly it is
// not what was promised.
func (in *intake) blame(err error, raw io.Reader, blob *meter, l offeredLayer) error {
	if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrMalformed) {
		return err
	}
	if _, rerr := io.Copy(io.Discard, raw); rerr != nil {
		if errors.Is(rerr, ErrDigest) {
			return rerr
		}
		return err
	}
	if serr := short(blob, l.size); serr != nil {
		return serr
	}
	if derr := blob.check("content", l.blob); derr != nil {
		return derr
	}
	return err
}

func short(blob *meter, size int64) error {
	if size >= 0 && blob.n < size {
		return fmt.Errorf("%w: %d of %d bytes", ErrTruncated, blob.n, size)
	}
	return nil
}

type cancelable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
