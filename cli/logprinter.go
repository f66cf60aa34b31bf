package cli

import (
	"bufio"
	"io"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"

	"github.com/minipod/minipod/state"
)

// logPrinter writes the lines of one or several containers. Of several at
// once, whole lines only.
type logPrinter struct {
	mu      sync.Mutex
	out     io.Writer
	buffer  *bufio.Writer
	options *logsOptions
	several bool
}

// logSource is one container of a logPrinter. A record that is only a part of a
// line has no newline; the line goes on with the next record of its stream.
type logSource struct {
	printer *logPrinter
	prefix  string
	parts   map[state.Stream]*[]byte // begun lines, while several containers write
	begun   bool                     // the last record had no end
}

// stampFormat is the kubelet's RFC3339NanoFixed.
const stampFormat = "2006-01-02T15:04:05.000000000Z07:00"

func (p *logPrinter) source(pod *v1.Pod, container string) *logSource {
	s := &logSource{printer: p, parts: map[state.Stream]*[]byte{}}
	if p.options.prefix {
		s.prefix = "[pod/" + pod.Name + "/" + container + "] "
	}
	return s
}

// line takes one record.
func (s *logSource) line(l state.Line) error {
	if !s.printer.several {
		return s.stream(l)
	}
	part := s.parts[l.Stream]
	if part == nil {
		part = new([]byte)
		s.parts[l.Stream] = part
	}
	if len(*part) == 0 {
		*part = append(*part, s.start(l.Time)...)
	}
	*part = append(*part, l.Text...)
	if l.Partial && len(*part) < maxBegun {
		return nil
	}
	err := s.printer.write(*part, []byte{'\n'})
	*part = (*part)[:0]
	return err
}

// stream passes records on as they come, like the kubelet's ReadLogs.
func (s *logSource) stream(l state.Line) error {
	start := ""
	if !s.begun {
		start = s.start(l.Time)
	}
	s.begun = l.Partial
	if l.Partial {
		return s.printer.write([]byte(start), l.Text)
	}
	return s.printer.write([]byte(start), l.Text, []byte{'\n'})
}

// start is what a line begins with.
func (s *logSource) start(at time.Time) string {
	if s.printer.options.timestamps && !at.IsZero() {
		return s.prefix + at.Format(stampFormat) + " "
	}
	return s.prefix
}

// end prints the lines that never got an end.
func (s *logSource) end() error {
	for _, part := range s.parts {
		if len(*part) == 0 {
			continue
		}
		if err := s.printer.write(*part, []byte{'\n'}); err != nil {
			return err
		}
	}
	return nil
}

// write puts the pieces out together. Who follows sees each line at once.
func (p *logPrinter) write(pieces ...[]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.buffer == nil {
		p.buffer = bufio.NewWriterSize(p.out, 64<<10)
	}
	for _, piece := range pieces {
		if _, err := p.buffer.Write(piece); err != nil {
			return err
		}
	}
	if p.options.read.Follow {
		return p.buffer.Flush()
	}
	return nil
}

func (p *logPrinter) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.buffer == nil {
		return nil
	}
	return p.buffer.Flush()
}
