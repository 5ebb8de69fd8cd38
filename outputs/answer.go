package outputs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// verdict is what Elasticsearch said about one item.
type verdict struct {
	fate   fate
	status int
	// errorType and reason are Elasticsearch's own words; "" when delivered.
	errorType, reason string
}

// errAnswer says that an answer with status 200 tells nothing about the documents.
var errAnswer = errors.New("unusable answer to a bulk request")

// answerFields is filter_path of a bulk request: only what parseAnswer looks at.
var answerFields = []string{"errors", "items.*.status", "items.*.error.type", "items.*.error.reason", "items.*.error.caused_by.reason"}

// parseAnswer returns the verdict on each of n items, or nil when all are delivered. An answer that is cut off, is
// something else, or speaks of another number of items is an error: it says nothing about any document.
func parseAnswer(data []byte, n int) ([]verdict, error) {
	if allCreated(data, n) {
		return nil, nil
	}
	var answer struct {
		Errors *bool
		Items  []map[string]struct {
			Status int
			Error  itemError
		}
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, err
	}
	if len(answer.Items) != n || answer.Errors == nil {
		return nil, fmt.Errorf("%d items for %d documents", len(answer.Items), n)
	}
	verdicts := make([]verdict, n)
	for i, one := range answer.Items {
		result, ok := one["create"]
		if !ok {
			return nil, fmt.Errorf("item %d is not of a create", i)
		}
		verdicts[i] = verdict{
			fate: judgeItem(result.Status, result.Error.Type), status: result.Status,
			errorType: result.Error.Type, reason: result.Error.text(),
		}
	}
	return verdicts, nil
}

// allCreated tells whether data says that all of n items were created, without taking it apart. Nothing in an answer
// without errors can look like an item or a status: it holds no text of others but names and ids.
func allCreated(data []byte, n int) bool {
	data = bytes.TrimRight(data, "\n")
	if !bytes.HasPrefix(data, []byte("{")) || !bytes.HasSuffix(data, []byte("]}")) || !bytes.Contains(data, []byte(`"errors":false`)) {
		return false
	}
	if bytes.Count(data, []byte(`{"create":{`)) != n {
		return false
	}
	status := []byte(`"status":20`)
	for range n {
		i := bytes.Index(data, status)
		if i < 0 {
			return false
		}
		data = data[i+len(status):]
		if data[0] != '1' && data[0] != '0' {
			return false
		}
	}
	return true
}

// itemError is an error as Elasticsearch writes it: an object, or just text.
type itemError struct {
	Type     string
	Reason   string
	CausedBy struct{ Reason string } `json:"caused_by"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *itemError) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &e.Reason)
	}
	type object itemError
	return json.Unmarshal(data, (*object)(e))
}

// text returns the reason with its cause.
func (e *itemError) text() string {
	if e.CausedBy.Reason == "" || e.CausedBy.Reason == e.Reason {
		return e.Reason
	}
	return e.Reason + ": " + e.CausedBy.Reason
}

// requestError returns what the body of an answer with an error status says; empty when it is not JSON.
func requestError(body []byte) itemError {
	var answer struct{ Error itemError }
	if json.Unmarshal(body, &answer) != nil {
		return itemError{}
	}
	return answer.Error
}
