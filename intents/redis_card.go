package intents

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// declinedCards tells which of the cards hosts remember declines of.
func (s *shared) declinedCards(keys []string) (map[string]bool, error) {
	known := map[string]bool{}
	if len(keys) == 0 {
		return known, nil
	}
	conn := s.pool.Get()
	defer conn.Close()
	args := make([]any, len(keys))
	for i, key := range keys {
		args[i] = s.cardKey(key)
	}
	stored, err := redis.Strings(conn.Do("MGET", args...))
	if err != nil {
		return known, fmt.Errorf("share cards in redis: %w", err)
	}
	for i, key := range keys {
		known[key] = stored[i] != ""
	}
	return known, nil
}

func (s *shared) cardKey(key string) string { return s.prefix + "card:" + key }

// applyCard holds an attempt against what all hosts remember of its card, and returns the rule that it breaks, or "".
func (s *shared) applyCard(key string, of scheme, ob *observation) (string, error) {
	conn := s.pool.Get()
	defer conn.Close()
	key = s.cardKey(key)
	for range maxRaces {
		stored, err := redis.String(conn.Do("GET", key))
		if err != nil && !errors.Is(err, redis.ErrNil) {
			return "", fmt.Errorf("share cards in redis: %w", err)
		}
		var c card
		if stored != "" && json.Unmarshal([]byte(stored), &c) != nil {
			c = card{}
		}
		rule := c.apply(of, ob, s.limits)
		next := ""
		if len(c.Declines) > 0 {
			text, err := json.Marshal(&c)
			if err != nil {
				return "", err
			}
			next = string(text)
		}
		if next == stored {
			return rule, nil
		}
		won, err := redis.Bool(swap.Do(conn, key, stored, next, schemeWindow.Milliseconds()))
		if err != nil {
			return "", fmt.Errorf("share cards in redis: %w", err)
		}
		if won {
			return rule, nil
		}
	}
	return "", errors.New("share cards in redis: other hosts were faster each time")
}
