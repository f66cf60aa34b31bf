package image

import (
	"errors"
	"testing"
)

// What one process has read of the store is good until another changes it.
func TestResolveSeesTheChangesOfOthers(t *testing.T) {
	s := newStore(t)
	other, err := Open(s.root)
	must(t, err)
	if _, err := s.Resolve("app:1"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("an empty store: %v", err)
	}
	for _, text := range []string{"one", "two"} {
		loaded, err := other.LoadAs(t.Context(), ociArchive(t, "x", layer(t, file("a", text))), "app:1")
		must(t, err)
		for range 2 {
			got, err := s.Resolve("app:1")
			if err != nil || got.ID != loaded.ID || len(got.LayerDirs) != 1 {
				t.Fatalf("after %s: %+v, %v, loaded %s", text, got, err, loaded.ID)
			}
		}
	}
	if _, err := other.Remove(t.Context(), []string{"app:1"}, func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resolve("app:1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its removal: %v", err)
	}
}
