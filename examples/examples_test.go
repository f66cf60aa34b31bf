// Package examples holds manifests that run in the tests, and the recipes of
// their images.
package examples_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"
)

// The three pods come from a tutorial. What minipod promises is that they run
// as they are, so not a byte of them may change.
func TestTutorialPodsAreUnchanged(t *testing.T) {
	sums := map[string]string{
		"mc1.yaml": "2e7d66a9e4bc0e9d618b500f25c6c3ec54c0e02884367663f4846afca026e65e",
		"mc2.yaml": "78be59450630fab6cf73c3c19ce917077df8ce693dde28ca87242e3fc756b42a",
		"mc3.yaml": "7644b2a5c8cf9fb3ba31a722833588c4734a90db1815392c6c2d91c94ba5d48d",
	}
	for file, want := range sums {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has the SHA-256 %s, want %s", file, got, want)
		}
	}
}
