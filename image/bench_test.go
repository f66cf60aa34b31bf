package image

import (
	"os"
	"testing"
)

// BenchmarkLoad measures what loading the archive named by
// MINIPOD_BENCH_ARCHIVE takes, into an empty store each time.
func BenchmarkLoad(b *testing.B) {
	archive := os.Getenv("MINIPOD_BENCH_ARCHIVE")
	if archive == "" {
		b.Skip("MINIPOD_BENCH_ARCHIVE names no archive")
	}
	for b.Loop() {
		b.StopTimer()
		s, err := Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		images, err := s.Load(b.Context(), archive)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(images[0].Size)/1e6, "MB")
	}
}
