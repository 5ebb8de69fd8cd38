package states

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// TestHeldAlertAfterClockSetBack has an alert be held by a clock that was a year ahead: it is over after a while all the same.
func TestHeldAlertAfterClockSetBack(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ahead := now.AddDate(1, 0, 0)
	s := New(nil, FlappingConfig{Times: 1, Within: model.Duration(30 * time.Minute), Hold: model.Duration(10 * time.Minute)})
	m := newMemory()
	m.alerts["a"] = &trackedAlert{Firing: true, Flapping: true, Since: ahead, Last: ahead, Starts: []time.Time{ahead, ahead, ahead}}
	m.rewind(now)
	if held := s.step(m, nil, now.Add(time.Minute)); len(held) != 1 {
		t.Errorf("held after a minute: %v, want the alert", held)
	}
	if held := s.step(m, nil, now.Add(11*time.Minute)); len(held) != 0 {
		t.Errorf("held after 11 minutes: %v, want none", held)
	}
}
