package fakeslack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// User is somebody in the workspace.
type User struct{ ID, Name string }

// Whisper is a message that only one user sees.
type Whisper struct {
	To   string // user's id
	Text string
}

// Slack's limits on the address for answers to an interaction.
const (
	answersTime = 30 * time.Minute
	maxAnswers  = 5
)

// answerURL is where an interaction is answered.
type answerURL struct {
	user  string
	since time.Time
	used  int
}

// Press presses the first button of the message with that action, or chooses there. It returns when the app gave its
// receipt, and fails as a user would see it.
func (s *Server) Press(u User, ts, action, choice string) error {
	payload, err := s.interaction(u, ts, action, choice)
	if err != nil {
		return err
	}
	_, err = s.deliver(map[string]any{
		"envelope_id": s.envelopeID(), "type": "interactive", "accepts_response_payload": false, "payload": payload,
	})
	return err
}

func (s *Server) envelopeID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.envelopes++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.envelopes)
}

// interaction is what Slack sends when a button is pressed.
func (s *Server) interaction(u User, ts, action, choice string) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(ts)
	if m == nil {
		return nil, fmt.Errorf("no message %s", ts)
	}
	block, element := m.element(action)
	if element == nil {
		return nil, fmt.Errorf("message %s has no button %q: %v", ts, action, m.Buttons())
	}
	now := float64(time.Now().UnixMicro()) / 1e6
	act := map[string]any{
		"type": element["type"], "block_id": block["block_id"], "action_id": action, "action_ts": strconv.FormatFloat(now, 'f', 6, 64),
	}
	if options, ok := element["options"].([]any); ok {
		i := slices.IndexFunc(options, func(o any) bool { return o.(map[string]any)["value"] == choice })
		if i < 0 {
			return nil, fmt.Errorf("nothing %q to choose in %v", choice, options)
		}
		act["selected_option"] = options[i]
	} else {
		act["value"], act["text"] = element["value"], element["text"]
	}
	return map[string]any{
		"type": "block_actions", "api_app_id": "A0FAKE", "token": "deprecated", "trigger_id": fmt.Sprint("1.2.", s.envelopes),
		"user":         map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": "T0FAKE"},
		"team":         map[string]any{"id": "T0FAKE", "domain": "fake"},
		"container":    map[string]any{"type": "message", "message_ts": m.TS, "channel_id": ChannelID, "is_ephemeral": false},
		"channel":      map[string]any{"id": ChannelID, "name": strings.TrimPrefix(Channel, "#")},
		"message":      map[string]any{"type": "message", "ts": m.TS, "text": m.Text},
		"state":        map[string]any{"values": map[string]any{}},
		"response_url": s.newAnswerURL(u), "actions": []any{act},
	}, nil
}

// newAnswerURL returns an address for answers. The caller holds mu.
func (s *Server) newAnswerURL(u User) string {
	key := fmt.Sprint(len(s.answerURLs) + 1)
	s.answerURLs[key] = &answerURL{user: u.ID, since: time.Now()}
	return s.base + "/response/" + key
}

// Command types a slash command in the channel, or in another when it is not "", and returns the answer.
func (s *Server) Command(u User, channel, text string) (string, error) {
	id, name := ChannelID, strings.TrimPrefix(Channel, "#")
	if channel != "" {
		id, name = channel, "elsewhere"
	}
	s.mu.Lock()
	url := s.newAnswerURL(u)
	s.mu.Unlock()
	payload, err := s.deliver(map[string]any{
		"envelope_id": s.envelopeID(), "type": "slash_commands", "accepts_response_payload": true,
		"payload": map[string]any{
			"token": "deprecated", "team_id": "T0FAKE", "team_domain": "fake", "channel_id": id, "channel_name": name, "user_id": u.ID,
			"user_name": u.Name, "command": "/gatewatch", "text": text, "api_app_id": "A0FAKE", "is_enterprise_install": "false",
			"response_url": url, "trigger_id": "1.2.3",
		},
	})
	if err != nil {
		return "", err
	}
	var answer struct {
		Type string `json:"response_type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal(payload, &answer); err != nil {
		return "", fmt.Errorf("answer %q: %w", payload, err)
	}
	if answer.Type != "ephemeral" {
		return "", fmt.Errorf("answer %q is for everybody", payload)
	}
	return answer.Text, nil
}

// respond takes an answer to an interaction.
func (s *Server) respond(in request, key string) reply {
	to := s.answerURLs[key]
	var answer struct {
		Type string `json:"response_type"`
		Text string `json:"text"`
	}
	switch {
	case to == nil:
		return reply{err: "invalid_url"}
	case time.Since(to.since) > answersTime:
		return reply{err: "expired_url"}
	case to.used >= maxAnswers:
		return reply{err: "used_url"}
	case json.Unmarshal(in.body, &answer) != nil || answer.Text == "" || answer.Type != "ephemeral":
		return reply{err: "invalid_payload"}
	}
	to.used++
	s.whispers = append(s.whispers, Whisper{to.user, answer.Text})
	return reply{}
}

// Whispers are the messages that only one user sees, the oldest first.
func (s *Server) Whispers() []Whisper {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.whispers)
}

// Group makes a user group with these members.
func (s *Server) Group(id string, users ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[id] = users
}

func (s *Server) groupUsers(in request) reply {
	users, ok := s.groups[in.form.Get("usergroup")]
	if !ok {
		return reply{err: "no_such_subteam"}
	}
	return reply{body: map[string]any{"users": users}}
}

// Has tells whether the message has a block of the kind.
func (m *Message) Has(kind string) bool {
	return slices.ContainsFunc(m.Blocks, func(b map[string]any) bool { return b["type"] == kind })
}

// Buttons returns the actions of the message's buttons.
func (m *Message) Buttons() (all []string) {
	m.eachElement(func(_, element map[string]any) {
		all = append(all, fmt.Sprint(element["action_id"]))
	})
	return all
}

func (m *Message) element(action string) (block, element map[string]any) {
	m.eachElement(func(b, e map[string]any) {
		if element == nil && e["action_id"] == action {
			block, element = b, e
		}
	})
	return block, element
}

func (m *Message) eachElement(f func(block, element map[string]any)) {
	for _, b := range m.Blocks {
		if b["type"] != "actions" {
			continue
		}
		elements, _ := b["elements"].([]any)
		for _, e := range elements {
			if e, ok := e.(map[string]any); ok {
				f(b, e)
			}
		}
	}
}
