package image

import "io"

// ahead runs src and everything that it does (reading, keeping the blob,
// decompressing) in a goroutine of its own, so that this goes on while the
// consumer writes files. The consumer calls close when it will read no more.
type ahead struct {
	full  chan []byte
	empty chan []byte
	quit  chan struct{}
	done  chan struct{}
	err   error // of src; to be read when full is closed

	rest []byte // of the chunk that is being consumed
	cur  []byte
}

const (
	aheadChunk  = 256 << 10
	aheadChunks = 8
)

func readAhead(src io.Reader) *ahead {
	a := &ahead{
		full:  make(chan []byte, aheadChunks),
		empty: make(chan []byte, aheadChunks),
		quit:  make(chan struct{}),
		done:  make(chan struct{}),
	}
	go a.fill(src)
	return a
}

func (a *ahead) fill(src io.Reader) {
	defer close(a.done)
	defer close(a.full)
	for made := 0; a.err == nil; {
		var chunk []byte
		if made < aheadChunks {
			chunk, made = make([]byte, aheadChunk), made+1
		} else {
			select {
			case chunk = <-a.empty:
			case <-a.quit:
				return
			}
		}
		n := 0
		for n < len(chunk) && a.err == nil {
			var m int
			m, a.err = src.Read(chunk[n:])
			n += m
		}
		select {
		case a.full <- chunk[:n]:
		case <-a.quit:
			return
		}
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.cur != nil {
			a.empty <- a.cur[:cap(a.cur)]
			a.cur = nil
		}
		chunk, ok := <-a.full
		if !ok {
			return 0, a.err
		}
		a.cur, a.rest = chunk, chunk
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// close ends the goroutine and waits for it: after that src is free.
func (a *ahead) close() {
	close(a.quit)
	<-a.done
}
