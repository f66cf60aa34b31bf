package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

const (
	user     = "marion"
	password = "s3cret"
)

// door is a registry on loopback that lets in whom allow lets in.
type door struct {
	host  string
	blobs atomic.Int64 // requests for blobs
	allow func(w http.ResponseWriter, r *http.Request) bool
	spoil func(path string, body []byte) []byte
}

func newRegistry(t testing.TB) *door {
	t.Helper()
	d := &door{}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.allow != nil && !d.allow(w, r) {
			return
		}
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			d.blobs.Add(1)
		}
		if d.spoil == nil || r.Method != http.MethodGet {
			inner.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		inner.ServeHTTP(rec, r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		body := d.spoil(r.URL.Path, rec.Body.Bytes())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	}))
	t.Cleanup(srv.Close)
	d.host = strings.TrimPrefix(srv.URL, "http://")
	return d
}

// push puts an image for this machine, within an index that also lists
// another platform, and gives the digest of the index.
func (d *door) push(t testing.TB, repo string) (ix v1.ImageIndex, ours v1.Image) {
	t.Helper()
	ours, err := random.Image(2000, 2)
	must(t, err)
	other, err := random.Image(100, 1)
	must(t, err)
	ix = mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}},
		mutate.IndexAddendum{Add: ours, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: runtime.GOARCH}}})
	ref, err := name.ParseReference(d.host + "/" + repo)
	must(t, err)
	must(t, remote.WriteIndex(ref, ix))
	return ix, ours
}

func TestPullByTagAndDigest(t *testing.T) {
	s, d := newStore(t), newRegistry(t)
	ix, ours := d.push(t, "team/app:1")
	id, err := ours.ConfigName()
	must(t, err)
	digest, err := ix.Digest()
	must(t, err)
	img, err := s.Pull(t.Context(), d.host+"/team/app:1", PullOptions{})
	must(t, err)
	repo := d.host + "/team/app"
	if img.ID != id.String() || img.Local || len(img.LayerDirs) != 2 ||
		!slices.Equal(img.Names, []string{repo + ":1"}) || !slices.Equal(img.RepoDigests, []string{repo + "@" + digest.String()}) {
		t.Errorf("%+v", img)
	}
	fetched := d.blobs.Load()
	again, err := s.Pull(t.Context(), repo+"@"+digest.String(), PullOptions{})
	if err != nil || again.ID != img.ID {
		t.Errorf("%v, %v", again, err)
	}
	if more := d.blobs.Load() - fetched; more != 1 {
		t.Errorf("%d blobs were fetched anew, only the configuration was needed", more)
	}
	other, err := s.Pull(t.Context(), repo+":1", PullOptions{Platform: v1.Platform{OS: "linux", Architecture: "s390x"}})
	if err != nil || other.ID == img.ID {
		t.Errorf("%v, %v", other, err)
	}
	_, err = s.Pull(t.Context(), repo+":1", PullOptions{Platform: v1.Platform{OS: "plan9", Architecture: "386"}})
	if !errors.Is(err, ErrPlatform) {
		t.Errorf("error is %v", err)
	}
	for _, name := range []string{repo + ":2", d.host + "/team/none"} {
		if _, err := s.Pull(t.Context(), name, PullOptions{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func basic(w http.ResponseWriter, r *http.Request) bool {
	if u, p, _ := r.BasicAuth(); u == user && p == password {
		return true
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

// bearer is a registry that sends its guests to its own /token first.
func (d *door) bearer(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path == "/token" {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			w.WriteHeader(http.StatusUnauthorized)
			return false
		}
		_, _ = io.WriteString(w, `{"token":"t0ken"}`)
		return false
	}
	if r.Header.Get("Authorization") == "Bearer t0ken" {
		return true
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="reg"`, d.host))
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

func TestPullWithCredentials(t *testing.T) {
	for kind, allow := range map[string]func(*door) func(http.ResponseWriter, *http.Request) bool{
		"basic": func(*door) func(http.ResponseWriter, *http.Request) bool { return basic },
		"token": func(d *door) func(http.ResponseWriter, *http.Request) bool { return d.bearer },
	} {
		t.Run(kind, func(t *testing.T) {
			s, d := newStore(t), newRegistry(t)
			d.push(t, "app:1")
			d.allow = allow(d)
			t.Setenv("DOCKER_CONFIG", t.TempDir())
			if _, err := s.Pull(t.Context(), d.host+"/app:1", PullOptions{}); !errors.Is(err, ErrDenied) {
				t.Errorf("without credentials: %v", err)
			}
			_, err := s.Pull(t.Context(), d.host+"/app:1", PullOptions{Keychain: keys{user, "wrong"}})
			if !errors.Is(err, ErrDenied) {
				t.Errorf("with wrong credentials: %v", err)
			}
			wantEmpty(t, s)
			_, err = s.Pull(t.Context(), d.host+"/app:1", PullOptions{Keychain: keys{user, password}})
			must(t, err)

			auth := authn.FromConfig(authn.AuthConfig{Username: user, Password: password})
			cfg, err := auth.Authorization()
			must(t, err)
			must(t, os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"),
				fmt.Appendf(nil, `{"auths":{%q:{"username":%q,"password":%q}}}`, d.host, cfg.Username, cfg.Password), 0o600))
			_, err = newStore(t).Pull(t.Context(), d.host+"/app:1", PullOptions{})
			must(t, err)
		})
	}
}

type keys struct{ user, password string }

func (k keys) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: k.user, Password: k.password}, nil
}

func TestPullOfSpoiledContent(t *testing.T) {
	for kind, spoil := range map[string]func(path string, b []byte) []byte{
		"blobs": func(path string, b []byte) []byte {
			if !strings.Contains(path, "/blobs/") || len(b) < 1000 {
				return b
			}
			return append([]byte("x"), b[1:]...)
		},
		"short blobs": func(path string, b []byte) []byte {
			if !strings.Contains(path, "/blobs/") || len(b) < 1000 {
				return b
			}
			return b[:len(b)/2]
		},
		"configuration": func(path string, b []byte) []byte {
			if strings.Contains(path, "/blobs/") && len(b) > 0 && b[0] == '{' {
				return append(b, ' ')
			}
			return b
		},
	} {
		t.Run(kind, func(t *testing.T) {
			s, d := newStore(t), newRegistry(t)
			d.push(t, "app:1")
			d.spoil = spoil
			_, err := s.Pull(t.Context(), d.host+"/app:1", PullOptions{})
			if !errors.Is(err, ErrDigest) && !errors.Is(err, ErrTruncated) {
				t.Errorf("error is %v", err)
			}
			wantEmpty(t, s)
		})
	}
}

// A private address is no excuse for sending credentials in the clear.
func TestPlainHTTPIsForLoopbackOnly(t *testing.T) {
	s, d := newStore(t), newRegistry(t)
	d.push(t, "app:1")
	to := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, d.host)
		},
	}
	const far = "10.1.2.3:5000/app:1"
	_, err := s.Pull(t.Context(), far, PullOptions{Transport: to, Keychain: keys{user, password}})
	if err == nil {
		t.Error("pulled over plain HTTP")
	}
	if _, err := s.Pull(t.Context(), far, PullOptions{Transport: to, Insecure: true}); err != nil {
		t.Error(err)
	}
}

func TestManifestBomb(t *testing.T) {
	s, d := newStore(t), newRegistry(t)
	d.push(t, "app:1")
	d.spoil = func(path string, b []byte) []byte {
		if strings.Contains(path, "/manifests/") {
			return append(b, make([]byte, mostJSON)...)
		}
		return b
	}
	if _, err := s.Pull(t.Context(), d.host+"/app:1", PullOptions{}); !errors.Is(err, ErrTooBig) {
		t.Errorf("error is %v", err)
	}
}
