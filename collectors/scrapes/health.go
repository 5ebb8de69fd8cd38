package scrapes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"gatewatch/collectors/collect"
	"gatewatch/collectors/fetch"
)

// The bounds of a health page.
const (
	maxHealthBody       = 256 << 10
	maxHealthComponents = 50
	// maxComponentName is how many characters of a component's name are kept.
	maxComponentName = 200
	maxHealthDepth   = 3
)

// noAnswer is the state of an application whose health page cannot be read.
const noAnswer = "NO_ANSWER"

// springHealth is what Spring Boot's actuator says. Details are not read: they may hold anything.
type springHealth struct {
	Status     string                  `json:"status"`
	Components map[string]springHealth `json:"components"`
}

var healthStatus = regexp.MustCompile(`^[A-Z][A-Z0-9_-]{0,39}$`)

// collectHealth gives the state of the application and of its components.
func (s *scrape) collectHealth(ctx context.Context, out *collect.Samples) error {
	h, err := s.askHealth(ctx)
	if err != nil {
		out.Add(s.health, 1, s.cfg.Name, s.instance, "", noAnswer)
		return fmt.Errorf("health: %w", err)
	}
	left := maxHealthComponents
	s.addHealth(out, h, "", 0, &left)
	return nil
}

func (s *scrape) askHealth(ctx context.Context) (springHealth, error) {
	a, err := s.get(ctx, s.cfg.HealthURL, "application/json", maxHealthBody)
	if err != nil {
		return springHealth{}, err
	}
	// An application that is not well says so with 503.
	if a.status != http.StatusOK && a.status != http.StatusServiceUnavailable {
		return springHealth{}, fmt.Errorf("the application answers %d", a.status)
	}
	var h springHealth
	if err := json.Unmarshal([]byte(a.body), &h); err != nil || h.Status == "" {
		return springHealth{}, errors.New("the answer is not the health that Spring Boot tells; does health_url lead to it?")
	}
	return h, nil
}

// addHealth notes a state and those of what it is made of, by names such as db/orders.
func (s *scrape) addHealth(out *collect.Samples, h springHealth, component string, depth int, left *int) {
	status := strings.ToUpper(h.Status)
	if !healthStatus.MatchString(status) {
		status = "OTHER"
	}
	out.Add(s.health, 1, s.cfg.Name, s.instance, component, status)
	if depth == maxHealthDepth {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(h.Components)) {
		if *left == 0 {
			out.Dropped++
			continue
		}
		*left--
		s.addHealth(out, h.Components[name], strings.TrimPrefix(component+"/"+fetch.Brief(name, maxComponentName), "/"), depth+1, left)
	}
}
