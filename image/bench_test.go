package image

import (
	"fmt"
	"os"
	"testing"
)

// BenchmarkLoad measures what loading an archive takes, into an empty store
// each time: the one that MINIPOD_BENCH_ARCHIVE names, or one of 4,000 files
// of 16 KiB.
func BenchmarkLoad(b *testing.B) {
	archive := os.Getenv("MINIPOD_BENCH_ARCHIVE")
	if archive == "" {
		archive = ociArchive(b, "bench", layer(b, someFiles()...))
	}
	for b.Loop() {
		b.StopTimer()
		// Not removed before the end: ext4 makes files slowly where others
		// have just been deleted.
		s := newStore(b)
		b.StartTimer()
		images, err := s.Load(b.Context(), archive)
		must(b, err)
		b.SetBytes(images[0].Size)
	}
}

// BenchmarkResolve measures what every start of a container asks.
func BenchmarkResolve(b *testing.B) {
	s := newStore(b)
	_, err := s.Load(b.Context(), ociArchive(b, "bench", layer(b, file("a", "")), layer(b, file("b", ""))))
	must(b, err)
	for b.Loop() {
		_, err := s.Resolve("bench")
		must(b, err)
	}
}

func someFiles() []entry {
	var entries []entry
	for i := range 4000 {
		if i%50 == 0 {
			entries = append(entries, dir(fmt.Sprintf("d%d", i/50), 0o755))
		}
		body := make([]byte, 16<<10)
		for j := range body {
			body[j] = byte(i * j >> 3)
		}
		entries = append(entries, file(fmt.Sprintf("d%d/f%d", i/50, i), string(body)))
	}
	return entries
}
