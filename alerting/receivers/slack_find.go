package receivers

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/slack-go/slack"
)

const (
	// metadataType marks the messages of Gatewatch for its own eyes.
	metadataType = "gatewatch_notice"
	// findLead is how much Slack's clock may be behind ours.
	findLead = 2 * time.Minute
	// findPage and findPages bound how many messages are looked at.
	findPage, findPages = 200, 5
)

// channelID is what the name of a channel never looks like.
var channelID = regexp.MustCompile(`^[CDG][A-Z0-9]{7,}$`)

// settle finds out whether the open message arrived, by the mark in its metadata. Where the app may not read the
// channel the message counts as not arrived: told twice is better than not at all.
func (s *Slack) settle(ctx context.Context, t *thread) error {
	channel := t.Channel
	if channel == "" {
		channel = s.threads.channel(s.cfg.Channel)
	}
	if channel == "" && channelID.MatchString(s.cfg.Channel) {
		channel = s.cfg.Channel
	}
	ts, err := "", error(nil)
	if channel != "" {
		ts, err = s.find(ctx, channel, t)
	}
	failure := s.classify(err)
	switch {
	case failure != nil && !failure.Blocked && !failure.Refused:
		return err
	case failure == nil && ts != "":
		t.arrived(channel, ts)
	default:
		if failure != nil || channel == "" {
			s.warnBlind(failure)
		}
		t.Open = nil
	}
	s.threads.save(t)
	return nil
}

// warnBlind says once why a message may come twice.
func (s *Slack) warnBlind(why *SendError) {
	if s.blind {
		return
	}
	s.blind = true
	reason := "the channel's id is unknown: configure it in place of the name"
	if why != nil {
		reason = why.Text
	}
	s.log.Warn("cannot see whether a message arrived before, it may be there twice", "why", reason)
}

// find returns the timestamp of the open message, or "" when it is not in the channel.
func (s *Slack) find(ctx context.Context, channel string, t *thread) (string, error) {
	oldest := fmt.Sprintf("%d.000000", t.Open.At.Add(-findLead).Unix())
	cursor := ""
	for range findPages {
		messages, next, err := s.read(ctx, channel, t, oldest, cursor)
		if isGone(err) {
			return "", nil // the thread is not there, and so is not what was in it
		}
		if err != nil {
			return "", err
		}
		for _, m := range messages {
			if m.Metadata.EventType == metadataType && m.Metadata.EventPayload["id"] == t.Open.ID {
				return m.Timestamp, nil
			}
		}
		if cursor = next; cursor == "" {
			return "", nil
		}
	}
	return "", nil
}

// read returns a page of the channel, or of the thread when the open message is a reply.
func (s *Slack) read(ctx context.Context, channel string, t *thread, oldest, cursor string) ([]slack.Message, string, error) {
	if t.Open.Reply {
		messages, _, next, err := s.client.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: t.TS, Oldest: oldest, Limit: findPage, Cursor: cursor, IncludeAllMetadata: true,
		})
		return messages, next, err
	}
	page, err := s.client.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Limit: findPage, Cursor: cursor, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", err
	}
	return page.Messages, page.ResponseMetaData.NextCursor, nil
}

// certain tells whether a call that failed did nothing for sure.
func certain(err error) bool {
	if _, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return true
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return status.Code < 500
	}
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	return ok && answer.Err != "internal_error" && answer.Err != "fatal_error" && answer.Err != "service_unavailable" &&
		answer.Err != "request_timeout"
}
