package state

import (
	"bytes"
	"errors"
	"time"
)

// Stream names one of a container's two outputs, as the CRI spells it.
type Stream string

// The two streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Line is one record of a container's log: a line, or a part of one that was
// too long or had no end yet. Text is without the newline and belongs to
// whoever hands the Line over; it is valid until that function returns.
type Line struct {
	Time    time.Time
	Stream  Stream
	Partial bool // no newline followed Text
	Text    []byte
}

// maxLine is where a line is cut into parts, in bytes: containerd's
// max_container_log_line_size.
const maxLine = 16 << 10

// The tags of the CRI (k8s.io/cri-api, LogTagPartial and LogTagFull).
const (
	tagPartial = 'P'
	tagFull    = 'F'
)

var errNotCRI = errors.New("not a log record of the CRI")

// cutLine takes the first line, or the part of it that is due, from what a
// container wrote. taken counts the newline too and is 0 when the line has no
// end yet; with end set, none is to come.
func cutLine(chunk []byte, end bool) (text []byte, partial bool, taken int) {
	window := chunk[:min(len(chunk), maxLine+1)]
	if i := bytes.IndexByte(window, '\n'); i >= 0 {
		return chunk[:i], false, i + 1
	}
	if len(chunk) > maxLine {
		return chunk[:maxLine], true, maxLine
	}
	if end && len(chunk) > 0 {
		return chunk, true, len(chunk)
	}
	return nil, false, 0
}

// parseLine reads one record without its newline: time, stream, tags (the
// first counts, as in the kubelet's pkg/kubelet/kuberuntime/logs), text.
func parseLine(record []byte) (Line, error) {
	stamp, rest, ok1 := bytes.Cut(record, []byte{' '})
	stream, rest, ok2 := bytes.Cut(rest, []byte{' '})
	tags, text, ok3 := bytes.Cut(rest, []byte{' '})
	tag, _, _ := bytes.Cut(tags, []byte{':'})
	if !ok1 || !ok2 || !ok3 || len(tag) != 1 || tag[0] != tagPartial && tag[0] != tagFull {
		return Line{}, errNotCRI
	}
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	if err != nil {
		return Line{}, errNotCRI
	}
	l := Line{Time: at, Stream: Stdout, Partial: tag[0] == tagPartial, Text: text}
	switch string(stream) {
	case string(Stdout):
	case string(Stderr):
		l.Stream = Stderr
	default:
		return Line{}, errNotCRI
	}
	return l, nil
}
