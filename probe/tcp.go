package probe

import "context"

// TCP succeeds if a connection to address can be made. It is closed at once.
func TCP(ctx context.Context, address string, dial Dial) Result {
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return failure(err.Error())
	}
	_ = conn.Close() // it was made: that is all that is asked
	return Result{Outcome: Success}
}
