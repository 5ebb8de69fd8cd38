// Package receivers sends notices of alerts to people: what a notice says, in which words, and how each receiver takes
// it. Waiting, retrying and remembering over restarts is what package alerting does.
package receivers

import (
	"context"
	"errors"
	"time"
)

// Receiver sends notices to people. It is safe for concurrent use.
type Receiver interface {
	// Name is short and the same after a restart: it names files and metrics.
	Name() string
	// Send delivers one notice that should have been sent late ago. Errors are of type *SendError and hold no secret.
	Send(ctx context.Context, n Notice, late time.Duration) error
}

// Refresher is a receiver that can change what it has told.
type Refresher interface {
	// Open returns what was told last of each incident that is not over.
	Open() []Notice
	// Refresh puts the present figures of n, which comes from Open, in the place of those that were told.
	Refresh(ctx context.Context, n Notice) error
}

// Runner is a receiver with work beside its messages.
type Runner interface {
	// Run does it until ctx ends.
	Run(ctx context.Context) error
}

// SendError says what went wrong with a message, without secrets, and what is to be done.
type SendError struct {
	// Text says what went wrong.
	Text string
	// After is how long the receiver asked to wait; 0 when it did not.
	After time.Duration
	// Blocked: no message gets through until someone changes the configuration or the receiver's side.
	Blocked bool
	// Refused: this message will never get through.
	Refused bool
}

// Error returns the text.
func (e *SendError) Error() string { return e.Text }

// AsSendError returns what is known of why a message did not arrive; an err that says nothing of it counts as one that passes.
func AsSendError(err error) *SendError {
	if e, ok := errors.AsType[*SendError](err); ok {
		return e
	}
	return &SendError{Text: err.Error()}
}
