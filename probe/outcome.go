package probe

import (
	"context"
	"net"
)

// Outcome is what a check came to. A check that could not be made at all, which
// says nothing of the container, is an error instead.
type Outcome uint8

// The outcomes.
const (
	Failure Outcome = iota // the container does not answer as it should
	Success                // it does
	Warning                // it does, in a way that somebody should look at
)

// Result is an outcome with what is told of it: the output of a command, the
// body of an answer, or why the check failed. At most 10 KiB.
type Result struct {
	Outcome Outcome
	Message string
}

// most is how many bytes of output or of a body are looked at.
const most = 10 << 10

// Dial makes a connection to an address "IP:port"; its network is "tcp".
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

func failure(message string) Result { return Result{Failure, message} }
