package pod

import "sync"

// hands does one piece of work after the other, in the order given: the steps
// of a pod, which are slow for the goroutine that must hear of exits at once.
type hands struct {
	mu    sync.Mutex
	cond  *sync.Cond
	queue []func()
	over  bool
	done  chan struct{}
}

func newHands() *hands {
	h := &hands{done: make(chan struct{})}
	h.cond = sync.NewCond(&h.mu)
	go h.run()
	return h
}

// do queues work without waiting for it.
func (h *hands) do(work func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queue = append(h.queue, work)
	h.cond.Signal()
}

// stop waits until all that is queued is done.
func (h *hands) stop() {
	h.mu.Lock()
	h.over = true
	h.cond.Signal()
	h.mu.Unlock()
	<-h.done
}

func (h *hands) run() {
	defer close(h.done)
	for {
		work := h.next()
		if work == nil {
			return
		}
		work()
	}
}

func (h *hands) next() func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.queue) == 0 {
		if h.over {
			return nil
		}
		h.cond.Wait()
	}
	work := h.queue[0]
	h.queue = h.queue[1:]
	return work
}
