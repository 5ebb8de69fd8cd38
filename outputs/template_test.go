package outputs

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"gatewatch/event"
)

func dialError() error { return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")} }

func TestTemplateVersions(t *testing.T) {
	t.Parallel()
	f := func(name string, there map[string]any, wantPut int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			fd := newFeed(records(source(1, "app"), 0, 1), records(source(1, "app"), 1, 1))
			c := &cluster{template: there}
			newRig(t, config(), fd, c).deliverAll(t, fd)
			if c.templates != wantPut {
				t.Errorf("%s: template put %d times, want %d", name, c.templates, wantPut)
			}
		})
	}
	f("none", nil, 1)
	ours := map[string]any{"managed_by": "gatewatch"}
	f("without version", map[string]any{"_meta": ours}, 1)
	var shipped struct{ Version int }
	if err := json.Unmarshal(templateJSON, &shipped); err != nil {
		t.Fatal(err)
	}
	f("older", map[string]any{"_meta": ours, "version": shipped.Version - 1}, 1)
	f("same", map[string]any{"_meta": ours, "version": shipped.Version}, 0)
	f("newer", map[string]any{"_meta": ours, "version": shipped.Version + 1}, 0)
	f("somebody else's", map[string]any{"priority": 1}, 0)
}

// TestTemplateAfterReconnect: another, empty cluster behind the same address gets the template before documents.
func TestTemplateAfterReconnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(records(source(1, "app"), 0, 1), records(source(1, "app"), 1, 1))
		c := &cluster{}
		c.fault = func(n int) fault {
			if n != 2 {
				return fault{}
			}
			c.template = nil
			return fault{reset: true}
		}
		newRig(t, config(), f, c).deliverAll(t, f)
		if c.templates != 2 || c.template == nil {
			t.Errorf("template put %d times, want 2", c.templates)
		}
	})
}

func TestTemplateDenied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(records(source(1, "app"), 0, 1))
		c := &cluster{denied: 403}
		r := newRig(t, config(), f, c)
		r.deliverAll(t, f)
		if !strings.Contains(r.log.String(), "may not manage index templates") {
			t.Errorf("log = %s", r.log)
		}
		if err := r.Check(context.Background()); err == nil || !strings.Contains(err.Error(), "manage_index_templates") {
			t.Errorf("Check() = %v, want the missing right", err)
		}
	})
}

func TestOpenSearchTemplate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(records(source(1, "app"), 0, 1))
		c := &cluster{openSearch: true}
		newRig(t, config(), f, c).deliverAll(t, f)
		text, _ := json.Marshal(c.template)
		if !strings.Contains(string(text), `"fields":{"type":"flat_object"}`) || strings.Contains(string(text), "flattened") {
			t.Errorf("template = %s, want flat_object for each flattened", text)
		}
	})
}

// TestTemplateForOlderVersions: Elasticsearch refuses a template with a key that it does not know.
func TestTemplateForOlderVersions(t *testing.T) {
	t.Parallel()
	f := func(version string, want bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			fd := newFeed(records(source(1, "app"), 0, 1))
			c := &cluster{version: version}
			newRig(t, config(), fd, c).deliverAll(t, fd)
			if _, got := c.template["ignore_missing_component_templates"]; got != want {
				t.Errorf("%s: ignore_missing_component_templates is there: %v, want %v", version, got, want)
			}
		})
	}
	f("7.17.29", false)
	f("8.6.2", false)
	f("8.7.0", true)
	f("8.19.21", true)
	f("9.0.0", true)
	f("10.1.0", true)
}

// TestTemplateMapsEveryFact: a fact that is not mapped would get a type by guess.
func TestTemplateMapsEveryFact(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("template.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole struct {
		Template struct{ Mappings map[string]any }
	}
	if err := json.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	names := []string{"event.kind", "event.outcome", "event.dataset", "payment.outcome", "host.name", "log.file.path", "log.offset", "fields"}
	for _, k := range event.Keys() {
		names = append(names, k.String())
	}
	for _, name := range names {
		at := whole.Template.Mappings
		for _, part := range strings.Split(name, ".") {
			properties, _ := at["properties"].(map[string]any)
			at, _ = properties[part].(map[string]any)
		}
		if at["type"] == nil {
			t.Errorf("%s is not in the template", name)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	f := func(name string, rt http.RoundTripper, want string) {
		t.Helper()
		cfg := config()
		cfg.URLs = append(cfg.URLs, "http://127.0.0.2:9200")
		err := newRig(t, cfg, newFeed(), rt).Check(context.Background())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: Check() = %v, want %q", name, err, want)
		}
	}
	c := &cluster{}
	f("good", c, "")
	if c.templates+c.requests > 0 {
		t.Error("Check() changed the cluster")
	}
	f("one node is down", roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Hostname() == "127.0.0.2" {
			return nil, dialError()
		}
		return c.RoundTrip(req)
	}), "outputs.elasticsearch.urls[1]: http://127.0.0.2:9200: dial tcp: refused")
	f("refused", status(401, `{"error":{"type":"security_exception","reason":"missing authentication"}}`), "check api_key, or username and password")
	f("something else", status(200, `<html>hello</html>`), "neither Elasticsearch nor OpenSearch")
}

// status answers every request alike.
func status(code int, body string) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := (&cluster{}).RoundTrip(req)
		if err != nil {
			return nil, err
		}
		resp.StatusCode = code
		resp.Body = http.MaxBytesReader(nil, readCloser{strings.NewReader(body)}, 1<<20)
		return resp, nil
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
