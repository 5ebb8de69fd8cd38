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

// created ends an item whose document is new.
var created = []byte(`"status":201}}`)

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

// allCreated tells whether data says that each of n items was created, without taking it apart: the items follow one
// another without a gap, each is of a create and ends with its status. No name or id can look like such an end, because
// quotes in them are escaped. What is not exactly so, though it may mean the same, is left to the JSON decoder.
func allCreated(data []byte, n int) bool {
	head, rest, ok := bytes.Cut(bytes.TrimRight(data, "\n"), []byte(`"items":[`))
	if !ok || !bytes.HasPrefix(head, []byte("{")) || !bytes.Contains(head, []byte(`"errors":false`)) {
		return false
	}
	for i := range n {
		if i > 0 && !cutPrefix(&rest, ",") || !cutPrefix(&rest, `{"create":{`) {
			return false
		}
		if !bytes.HasPrefix(rest, created) {
			end := bytes.Index(rest, created)
			if end < 0 || bytes.Contains(rest[:end], []byte("}}")) {
				return false
			}
			rest = rest[end:]
		}
		rest = rest[len(created):]
	}
	return string(rest) == "]}"
}

func cutPrefix(data *[]byte, prefix string) bool {
	if len(*data) < len(prefix) || string((*data)[:len(prefix)]) != prefix {
		return false
	}
	*data = (*data)[len(prefix):]
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
