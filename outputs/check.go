package outputs

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
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

// before tells whether the version is older than major.minor; one that is not known is not.
func (a *about) before(major, minor int) bool {
	var has [2]int
	if n, _ := fmt.Sscanf(a.Version.Number, "%d.%d", &has[0], &has[1]); n < len(has) {
		return false
	}
	return slices.Compare(has[:], []int{major, minor}) < 0
}

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

// Check asks every node whether it answers and accepts the credentials, and whether they may write events, and put the
// index template where it is not there, and returns everything that is wrong. It changes nothing in the cluster.
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
	return errors.Join(append(faults, e.checkRights(ctx)...)...)
}

// checkRights returns which rights the credentials lack. A cluster without Elasticsearch's security cannot be asked.
func (e *Elasticsearch) checkRights(ctx context.Context) []error {
	_, version, err := e.templateFor(ctx)
	if err != nil {
		return []error{err}
	}
	there, status, err := e.templateVersion(ctx)
	if status == http.StatusForbidden {
		return []error{fmt.Errorf("outputs.elasticsearch: the credentials may not manage index templates (manage_index_templates): %w", err)}
	}
	var faults []error
	for _, right := range e.missingRights(ctx) {
		if right != rightToTemplate {
			faults = append(faults, fmt.Errorf("outputs.elasticsearch: the credentials lack the right %s on %s", right, indexPattern))
		} else if there < version {
			faults = append(faults, fmt.Errorf("outputs.elasticsearch: the credentials may not manage index templates (%s), and version %d of %s is not there",
				right, version, templateName))
		}
	}
	return faults
}

const (
	rightToTemplate = "manage_index_templates"
	indexPattern    = "logs-gatewatch.*"
)

// missingRights asks Elasticsearch what of the rights that the output uses the credentials do not have.
func (e *Elasticsearch) missingRights(ctx context.Context) []string {
	body := `{"cluster":["` + rightToTemplate + `"],"index":[{"names":["` + indexPattern + `"],"privileges":["create_doc","auto_configure"]}]}`
	resp, err := esapi.SecurityHasPrivilegesRequest{Body: strings.NewReader(body)}.Do(ctx, e.client)
	_, data, err := finish(resp, err)
	if err != nil {
		return nil
	}
	var has struct {
		Cluster map[string]bool
		Index   map[string]map[string]bool
	}
	if json.Unmarshal(data, &has) != nil {
		return nil
	}
	var missing []string
	for _, rights := range []map[string]bool{has.Cluster, has.Index[indexPattern]} {
		for _, right := range slices.Sorted(maps.Keys(rights)) {
			if !rights[right] {
				missing = append(missing, right)
			}
		}
	}
	return missing
}

func (e *Elasticsearch) checkNode(ctx context.Context, url string) error {
	client, err := newClient(&e.cfg, []string{url}, e.network)
	if err != nil {
		return err
	}
	a, _, err := askAbout(ctx, client)
	if err != nil {
		return advise(err)
	}
	e.log.Info("node answers", "url", url, "cluster", a.Name, "version", a.Version.Number, "opensearch", a.openSearch())
	return nil
}

// advise adds to err what to do about it, where the error itself does not say so.
func advise(err error) error {
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w: set ca_file to the certificate of the authority that signed the cluster's", err)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fmt.Errorf("%w: the node ended the connection: it may want https", err)
	}
	return err
}
