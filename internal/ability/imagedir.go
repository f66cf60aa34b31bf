package ability

import (
	"os"
	"path/filepath"
)

// ImageDir is where make images puts the archives of the example images:
// build/images under the folder of go.mod, or $MINIPOD_IMAGES.
func ImageDir() string {
	if dir := os.Getenv("MINIPOD_IMAGES"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	for err == nil && dir != "/" {
		if stat(filepath.Join(dir, "go.mod")) == nil {
			return filepath.Join(dir, "build", "images")
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join("build", "images")
}
