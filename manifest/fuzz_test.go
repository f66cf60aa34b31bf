package manifest

import (
	"errors"
	"strings"
	"testing"
)

// Whatever is in a file, Load ends, does not panic, and places what it says.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"mc1.yaml", "mc2.yaml", "mc3.yaml"} {
		f.Add([]byte(example(f, name)))
	}
	f.Add([]byte("a: &a [*a]\n--- {<<: *x}\n...\n"))
	f.Add([]byte(`{"kind": "List", "apiVersion": "v1", "items": [{"kind": "Pod"}, 5]}{}`))
	f.Add([]byte(podHead + "  containers: [{name: a, image: b, env: [{name: A, valueFrom: {}}]}]\n  volumes: [{name: v, emptyDir: {sizeLimit: 1e99}}]\n"))
	f.Add([]byte(podHead + "  <<: [{containers: 1}, {volumes: 2}]\n  securityContext: {sysctls: [{}]}\n  affinity: {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Load([]Source{{Name: "f", Data: data}}, Options{})
		if err == nil {
			return
		}
		var invalid *Invalid
		if !errors.As(err, &invalid) || len(invalid.Findings) == 0 {
			t.Fatalf("error without findings: %v", err)
		}
		lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + 1
		for _, finding := range append(invalid.Findings, invalid.Warnings...) {
			if finding.Line < 1 || finding.Message == "" {
				t.Errorf("finding %v in %d lines", finding, lines)
			}
		}
	})
}

func BenchmarkLoadOnePod(b *testing.B) {
	sources := []Source{{Name: "mc1.yaml", Data: []byte(example(b, "mc1.yaml"))}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(sources, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
