package outputs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// about is what a cluster says of itself.
type about struct {
	Name    string `json:"cluster_name"`
	Version struct {
		Number       string
		Distribution string
	}
}

func (a *about) openSearch() bool { return a.Version.Distribution == "opensearch" }

// about asks the cluster what it is. Credentials that may only write cannot ask; the cluster is then taken for an
// Elasticsearch.
func (e *Elasticsearch) about(ctx context.Context) (*about, error) {
	a, status, err := askAbout(ctx, e.client)
	if status == http.StatusForbidden {
		return new(about), nil
	}
	return a, err
}

func askAbout(ctx context.Context, client *elasticsearch.BaseClient) (*about, int, error) {
	resp, err := esapi.InfoRequest{}.Do(ctx, client)
	status, body, err := finish(resp, err)
	if err != nil {
		return nil, status, err
	}
	a := new(about)
	if json.Unmarshal(body, a) != nil || a.Version.Number == "" {
		return nil, status, &refusedError{unwelcome, errors.New("what answers there is neither Elasticsearch nor OpenSearch")}
	}
	return a, status, nil
}

// Check asks every node whether it answers and accepts the credentials, and whether they may manage the index
// template, and returns everything that is wrong. It changes nothing in the cluster.
func (e *Elasticsearch) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(e.cfg.Timeout))
	defer cancel()
	var faults []error
	for i, url := range e.cfg.URLs {
		if err := e.checkNode(ctx, url); err != nil {
			faults = append(faults, fmt.Errorf("%s: %s: %w", indexed("outputs.elasticsearch.urls", i), url, err))
		}
	}
	if len(faults) == len(e.cfg.URLs) {
		return errors.Join(faults...)
	}
	if _, status, err := e.templateVersion(ctx); status == http.StatusForbidden {
		faults = append(faults, fmt.Errorf("outputs.elasticsearch: the credentials may not manage index templates (manage_index_templates): %w", err))
	}
	return errors.Join(faults...)
}

func (e *Elasticsearch) checkNode(ctx context.Context, url string) error {
	client, err := newClient(&e.cfg, []string{url}, e.network)
	if err != nil {
		return err
	}
	a, _, err := askAbout(ctx, client)
	if err != nil {
		return err
	}
	e.log.Info("node answers", "url", url, "cluster", a.Name, "version", a.Version.Number, "opensearch", a.openSearch())
	return nil
}
