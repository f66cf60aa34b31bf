package image

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// Normalize spells name in full, as docker and the kubelet understand it
// (k8s.io/kubernetes/pkg/util/parsers): "nginx" is
// "docker.io/library/nginx:latest". The error matches ErrBadName.
func Normalize(name string) (string, error) {
	n, err := parseName(name)
	if err != nil {
		return "", err
	}
	return n.String(), nil
}

func parseName(name string) (reference.Named, error) {
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrBadName, printable(name), err)
	}
	return reference.TagNameOnly(n), nil
}

// tagged is the name under which the image that n means is to be listed. A
// name with both tag and digest means the digest; the tag is only a remark.
func tagged(n reference.Named) string {
	if c, ok := n.(reference.Canonical); ok {
		return n.Name() + "@" + c.Digest().String()
	}
	return n.String()
}

// idPrefix gives the hexadecimal digits if name has the form of an image ID
// or of the beginning of one. Every such text is also a valid name ("nginx"
// could not be, "cafe" is): names are tried first, as docker does.
func idPrefix(name string) (string, bool) {
	s, full := strings.CutPrefix(name, "sha256:")
	if len(s) > 64 || full && len(s) != 64 || len(s) < 4 {
		return "", false
	}
	return s, strings.Trim(s, "0123456789abcdef") == ""
}
