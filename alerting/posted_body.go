package alerting

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	// maxAPIBody bounds what is written to Alertmanager's API by one request.
	maxAPIBody = 1 << 20
	// maxPostedAlert bounds each alert in it: a message of many such is still one that a restart reads.
	maxPostedAlert = 8 << 10
)

// takeBody reads what is written to the API and puts it back without card data and secrets: it comes from outside, and
// goes to people and into files.
func (a *alertmanager) takeBody(w http.ResponseWriter, r *http.Request) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAPIBody))
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	var one bytes.Buffer
	if len(text) > 0 {
		if err := json.Compact(&one, text); err != nil {
			return fmt.Errorf("the request is no JSON: %w", err)
		}
	}
	text = a.clean(one.Bytes())
	if strings.HasSuffix(r.URL.Path, "/alerts") {
		if err := checkPosted(text); err != nil {
			return err
		}
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return nil
}

// checkPosted refuses alerts that are too long. What else is wrong with them the API itself says.
func checkPosted(text []byte) error {
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("alerts are a list: %w", err)
	}
	for i, one := range all {
		if len(one) > maxPostedAlert {
			return fmt.Errorf("alert %d of the list has %d bytes, at most %d are taken", i+1, len(one), maxPostedAlert)
		}
	}
	return nil
}
