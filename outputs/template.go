package outputs

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// templateName is the name of the index template in the cluster.
const templateName = "logs-gatewatch"

// templateJSON is the index template: what Elasticsearch makes of the documents. Change its version with it.
//
//go:embed template.json
var templateJSON []byte

// template remembers that the cluster has the index template.
type template struct {
	mu    sync.Mutex
	there bool
	// denied is set once the cluster said that the credentials may not manage templates.
	denied bool
}

// forget makes the next request look for the template again: another cluster, or an emptied one, may be there now.
func (t *template) forget() {
	t.mu.Lock()
	t.there = false
	t.mu.Unlock()
}

// ensureTemplate puts the index template unless the cluster has it, in this version or a newer one, or somebody else's
// of the same name. It returns what an error means for what was to be sent.
func (e *Elasticsearch) ensureTemplate(ctx context.Context) (fate, error) {
	e.tmpl.mu.Lock()
	defer e.tmpl.mu.Unlock()
	if e.tmpl.there {
		return delivered, nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(e.cfg.Timeout))
	defer cancel()
	status, err := e.putTemplate(ctx)
	var refused *refusedError
	switch {
	case err == nil:
	case errors.As(err, &refused) && refused.fate == unwelcome && status == http.StatusForbidden:
		if !e.tmpl.denied {
			e.log.Warn("the credentials may not manage index templates: put "+templateName+" yourself, or grant manage_index_templates", "err", err)
		}
		e.tmpl.denied = true
	case refused != nil:
		return refused.fate, err
	default:
		return again, err
	}
	e.tmpl.there = true
	return delivered, nil
}

// refusedError is an answer of the cluster with an error status.
type refusedError struct {
	fate fate
	err  error
}

func (r *refusedError) Error() string { return r.err.Error() }
func (r *refusedError) Unwrap() error { return r.err }

func (e *Elasticsearch) putTemplate(ctx context.Context) (int, error) {
	body, version, err := e.templateFor(ctx)
	if err != nil {
		return 0, fmt.Errorf("index template: %w", err)
	}
	there, status, err := e.templateVersion(ctx)
	if err != nil {
		return status, fmt.Errorf("look for index template %s: %w", templateName, err)
	}
	if there == foreign {
		e.log.Info("index template is not ours and stays as it is", "name", templateName)
	}
	if there >= version {
		return status, nil
	}
	resp, err := esapi.IndicesPutIndexTemplateRequest{Name: templateName, Body: bytes.NewReader(body)}.Do(ctx, e.client)
	status, _, err = finish(resp, err)
	if err != nil {
		return status, fmt.Errorf("put index template %s: %w", templateName, err)
	}
	e.log.Info("index template put", "name", templateName, "version", version)
	return status, nil
}

// foreign is the version of a template that somebody else wrote. It is above all others.
const foreign = math.MaxInt

// templateVersion returns the version of the template in the cluster: -1 when there is none, 0 when it has none, foreign
// when it is not ours.
func (e *Elasticsearch) templateVersion(ctx context.Context) (int, int, error) {
	resp, err := esapi.IndicesGetIndexTemplateRequest{Name: templateName}.Do(ctx, e.client)
	status, body, err := finish(resp, err)
	if status == http.StatusNotFound {
		return -1, status, nil
	}
	if err != nil {
		return -1, status, err
	}
	var answer struct {
		Templates []struct {
			Template struct {
				Version int
				Meta    struct {
					ManagedBy string `json:"managed_by"`
				} `json:"_meta"`
			} `json:"index_template"`
		} `json:"index_templates"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return -1, status, err
	}
	if len(answer.Templates) == 0 {
		return -1, status, nil
	}
	if answer.Templates[0].Template.Meta.ManagedBy != "gatewatch" {
		return foreign, status, nil
	}
	return answer.Templates[0].Template.Version, status, nil
}

// templateFor returns the template for the cluster's product, and its version.
func (e *Elasticsearch) templateFor(ctx context.Context) ([]byte, int, error) {
	var head struct{ Version int }
	if err := json.Unmarshal(templateJSON, &head); err != nil {
		return nil, 0, err
	}
	about, err := e.about(ctx)
	if err != nil {
		return nil, 0, err
	}
	if !about.openSearch() && !about.before(8, 7) {
		return templateJSON, head.Version, nil
	}
	body, err := plainTemplate(templateJSON, about.openSearch())
	return body, head.Version, err
}

// plainTemplate leaves out the component template that may be missing, which OpenSearch and Elasticsearch before 8.7 do
// not know, and for OpenSearch replaces the one field type that it has under another name.
func plainTemplate(data []byte, openSearch bool) ([]byte, error) {
	var whole map[string]any
	if err := json.Unmarshal(data, &whole); err != nil {
		return nil, err
	}
	delete(whole, "composed_of")
	delete(whole, "ignore_missing_component_templates")
	at := whole
	for _, key := range []string{"template", "mappings", "properties"} {
		at, _ = at[key].(map[string]any)
	}
	if openSearch {
		flatObjects(at)
	}
	return json.Marshal(whole)
}

// flatObjects gives the fields of type flattened the name that OpenSearch has for it.
func flatObjects(properties map[string]any) {
	for name, field := range properties {
		field, _ := field.(map[string]any)
		if field["type"] == "flattened" {
			properties[name] = map[string]any{"type": "flat_object"}
		}
		if inner, ok := field["properties"].(map[string]any); ok {
			flatObjects(inner)
		}
	}
}

// finish reads an answer to its end. An error status is a refusedError.
func finish(resp *esapi.Response, err error) (int, []byte, error) {
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	if resp.IsError() {
		f, err := refusal(resp)
		return resp.StatusCode, nil, &refusedError{f, err}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTemplateAnswer))
	return resp.StatusCode, body, err
}

// maxTemplateAnswer bounds what is read of an answer about the cluster or the template.
const maxTemplateAnswer = 1 << 20
