package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// askTimeout bounds one question to the agent.
const askTimeout = 10 * time.Second

// askAll asks the agent at address each rule, and which of its metrics have series.
func askAll(address string, all []verdict) error {
	client := &http.Client{Timeout: askTimeout}
	seen := map[string]bool{}
	for i := range all {
		v := &all[i]
		failure, _, err := ask(client, address, v.rule.expr)
		if err != nil {
			return err
		}
		v.failure = failure
		for _, name := range v.metrics {
			if _, known := seen[name]; !known {
				_, found, err := ask(client, address, "count("+name+")")
				if err != nil {
					return err
				}
				seen[name] = found
			}
			if seen[name] {
				v.present = append(v.present, name)
			}
		}
	}
	return nil
}

// ask evaluates expr. failure is what the agent says against it, found whether the answer has a series.
func ask(client *http.Client, address, expr string) (failure string, found bool, err error) {
	answer, err := client.PostForm(address+"/api/v1/query", url.Values{"query": {expr}})
	if err != nil {
		return "", false, fmt.Errorf("ask the agent: %w", err)
	}
	defer answer.Body.Close()
	var told struct {
		Status, Error string
		Data          struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil {
		return "", false, fmt.Errorf("%s is no answer of Prometheus' API: %w", address, err)
	}
	if told.Status != "success" {
		return told.Error, false, nil
	}
	return "", len(told.Data.Result) > 0, nil
}
