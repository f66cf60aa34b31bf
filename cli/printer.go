package cli

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// printer writes the output of many containers, a whole line at a time, each
// with the name of its container.
type printer struct {
	mu      sync.Mutex
	out     io.Writer
	several bool // pods
	width   int
	begun   map[string][]byte // parts of lines that have no end yet
}

func newPrinter(out io.Writer, pods []*v1.Pod) *printer {
	p := &printer{out: out, several: len(pods) > 1, begun: map[string][]byte{}}
	for _, one := range pods {
		for _, c := range slices.Concat(one.Spec.InitContainers, one.Spec.Containers) {
			p.width = max(p.width, len(p.label(one, c.Name)))
		}
	}
	return p
}

func (p *printer) label(one *v1.Pod, container string) string {
	if p.several {
		return one.Name + "/" + container
	}
	return container
}

// line prints l, or keeps it if it is but a part.
func (p *printer) line(one *v1.Pod, container string, l state.Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	label := p.label(one, container)
	key := label + "\x00" + string(l.Stream)
	if l.Partial && len(p.begun[key]) < maxBegun {
		p.begun[key] = append(p.begun[key], l.Text...)
		return
	}
	text := bytes.Join([][]byte{p.begun[key], l.Text}, nil)
	delete(p.begun, key)
	fmt.Fprintf(p.out, "%-*s | %s\n", p.width, label, text)
}

// maxBegun bounds what is kept of a line without end, in bytes.
const maxBegun = 1 << 20
