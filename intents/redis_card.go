package intents

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// applyCard holds an attempt against what all hosts remember of its card, and returns the rule that it breaks, or "".
func (s *shared) applyCard(key string, of scheme, ob *observation) (string, error) {
	conn := s.pool.Get()
	defer conn.Close()
	key = s.prefix + "card:" + key
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
