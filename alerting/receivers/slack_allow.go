package receivers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	// membersAge is how long the members of a user group are believed.
	membersAge = 5 * time.Minute
	// membersTimeout is how long asking for them may take.
	membersTimeout = 5 * time.Second
)

// members are those of a user group as of a time.
type members struct {
	users []string
	at    time.Time
}

// forbid returns why the user may do nothing to incidents of this channel, or "" when he may.
func (s *Slack) forbid(ctx context.Context, user string) string {
	if len(s.cfg.Allow) == 0 || slices.Contains(s.cfg.Allow, user) {
		return ""
	}
	w := &s.words.desk
	for _, group := range s.cfg.Allow {
		if !groupID.MatchString(group) {
			continue
		}
		users, err := s.groupMembers(ctx, group)
		if err != nil {
			// Who cannot be checked may not: the reason tells what to do.
			return fmt.Sprintf(w.cannotCheck, mention(group), escape(err.Text))
		}
		if slices.Contains(users, user) {
			return ""
		}
	}
	var allowed []string
	for _, one := range s.cfg.Allow {
		allowed = append(allowed, mention(one))
	}
	return fmt.Sprintf(w.notAllowed, strings.Join(allowed, ", "))
}

// groupMembers returns the members of a user group.
func (s *Slack) groupMembers(ctx context.Context, group string) ([]string, *SendError) {
	s.groupsMu.Lock()
	defer s.groupsMu.Unlock()
	if known, ok := s.groups[group]; ok && time.Since(known.at) < membersAge {
		return known.users, nil
	}
	ctx, cancel := context.WithTimeout(ctx, membersTimeout)
	defer cancel()
	users, err := s.client.GetUserGroupMembersContext(ctx, group)
	if err != nil {
		return nil, s.classify(err)
	}
	s.groups[group] = members{users, time.Now()}
	return users, nil
}

// serves tells whether the slash command of a channel is answered here.
func (s *Slack) serves(cmd *slack.SlashCommand) bool {
	return s.cfg.Channel == cmd.ChannelID || strings.TrimPrefix(s.cfg.Channel, "#") == cmd.ChannelName
}
