package receivers

import (
	"context"
	"time"
)

// Desk acts on incidents for people who press buttons, and tells how things are. It is safe for concurrent use.
type Desk interface {
	// Act does a with the incident of n, once however often it is asked for the same, and returns how the incident stands
	// then. fresh is false when there was nothing left to do because somebody else had done it.
	Act(ctx context.Context, n *Notice, a Deed) (stand Handling, fresh bool, err error)
	// Status tells how things are. It does not block for long.
	Status(ctx context.Context) Status
}

// What people can do about an incident.
const (
	DeedAcknowledge = "acknowledge"
	DeedSilence     = "silence"
	DeedUnsilence   = "unsilence"
	DeedFalseAlarm  = "false_alarm"
)

// Deed is what a person does about an incident.
type Deed struct {
	// Kind is one of the constants above.
	Kind string `json:"kind"`
	By   Person `json:"by"`
	// At is when it was done, as the chat says.
	At time.Time `json:"at"`
	// Until is when a silence ends; zero for the other kinds.
	Until time.Time `json:"until,omitzero"`
}

// same tells whether both are the same press of the same button.
func (d Deed) same(o Deed) bool { return d.Kind == o.Kind && d.By.ID == o.By.ID && d.At.Equal(o.At) }

// Same tells whether d is not nil and the same deed as o, done by the same person at the same moment.
func (d *Deed) Same(o Deed) bool { return d != nil && d.same(o) }

// Person is somebody in a chat.
type Person struct {
	// ID is the chat's, Name for people to read; "" when unknown.
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
}

// Handling is what people did about an incident. Its zero value: nothing.
type Handling struct {
	// Acknowledged is who takes care of it, FalseAlarm who says that there is nothing to take care of; nil for nobody.
	Acknowledged *Deed `json:"acknowledged,omitempty"`
	FalseAlarm   *Deed `json:"false_alarm,omitempty"`
	// Silence is the one that ends last of those that silence the incident now; nil when it is not silenced.
	Silence *Silence `json:"silence,omitempty"`
}

// Silence is a silence of Alertmanager's.
type Silence struct {
	// By is who made it, as written there. What says what it silences.
	By    string    `json:"by"`
	What  string    `json:"what,omitempty"`
	Until time.Time `json:"until"`
	// Own: it silences this incident and nothing else, so that it may be ended here.
	Own bool `json:"own,omitempty"`
}

// Status is how things are, for those who ask in a chat.
type Status struct {
	// Providers are the payment providers that have traffic, by name.
	Providers []ProviderStatus
	// Alerts are those that fire, the most important first. Handled says by their index what people did.
	Alerts  []Alert
	Handled map[int]Handling
	// Silences are all that are active.
	Silences []Silence
	// Lag is how far reading the logs is behind, and Known whether that is known.
	Lag   time.Duration
	Known bool
	// Unsent is how many messages wait for any receiver.
	Unsent int
}

// ProviderStatus is how a provider's payments succeed: the share over a minute, and what is usual; NaN when unknown.
type ProviderStatus struct {
	Name           string
	Success, Usual float64
}
