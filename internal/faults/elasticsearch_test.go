package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"gatewatch/internal/faults/gatewaylog"
	"gatewatch/internal/faults/sink"
	"gatewatch/internal/servicetest"
)

// realLinesPerSecond is what one of the logs writes when all of them go into one Elasticsearch on a small machine.
const realLinesPerSecond = 1500

// elasticsearchRestarted runs an agent for each rotation on one real Elasticsearch node, which is killed and started
// again while they send.
func elasticsearchRestarted(t *testing.T, table *table) {
	node := servicetest.ElasticsearchNode(t)
	var running sync.WaitGroup
	for i, rotation := range gatewaylog.Rotations() {
		c := emptyCell(t, rotation, trouble{name: "ES restarted", during: calm})
		c.writer.Rate = realLinesPerSecond
		namespace := fmt.Sprintf("faults%d", i)
		c.agent = newAgent(t, c.data, node.URL, namespace, c.writer.Glob())
		running.Go(func() {
			table.row(c.run(func(lines int) sink.Report { return c.awaitIn(node.URL, namespace, lines) }))
		})
	}
	defer running.Wait()
	for end := time.Now().Add(lasting(t)); time.Now().Before(end); {
		time.Sleep(2 * time.Second)
		node.Kill()
		time.Sleep(time.Second)
		node.Restart(t)
	}
}

// awaitIn waits until the data streams of the namespace hold as many documents as lines were written, or no more of
// them come, and shows them to the sink, which keeps account.
func (c *cell) awaitIn(url, namespace string, lines int) sink.Report {
	streams := url + "/logs-gatewatch.*-" + namespace
	documents, since := -1, time.Now()
	for documents < lines && time.Since(since) < stalled && c.agent.running() {
		time.Sleep(200 * time.Millisecond)
		var answer struct{ Count int }
		if err := get(streams+"/_refresh", nil); err != nil {
			continue // the node is starting
		}
		if get(streams+"/_count", &answer) == nil && answer.Count != documents {
			documents, since = answer.Count, time.Now()
		}
	}
	time.Sleep(afterwards)
	if err := c.copyAll(url, namespace); err != nil {
		c.t.Error(err)
	}
	return c.sink.Report(lines)
}

// copyAll sends all documents of the namespace to the sink.
func (c *cell) copyAll(url, namespace string) error {
	type page struct {
		ID   string `json:"_scroll_id"`
		Hits struct {
			Hits []struct {
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	next := url + "/logs-gatewatch.*-" + namespace + "/_search?scroll=1m&size=5000&sort=_doc"
	if err := get(url+"/logs-gatewatch.*-"+namespace+"/_refresh", nil); err != nil {
		return err
	}
	for {
		var p page
		if err := get(next, &p); err != nil || len(p.Hits.Hits) == 0 {
			return err
		}
		var body bytes.Buffer
		for _, hit := range p.Hits.Hits {
			body.WriteString(`{"index":{}}` + "\n")
			body.Write(hit.Source)
			body.WriteByte('\n')
		}
		resp, err := http.Post("http://"+c.server.Addr+"/_bulk", "application/x-ndjson", &body)
		if err != nil {
			return err
		}
		resp.Body.Close()
		next = url + "/_search/scroll?scroll=1m&scroll_id=" + p.ID
	}
}

// get decodes the answer to a request into answer, unless that is nil.
func get(url string, answer any) error {
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.300s", url, resp.Status, body)
	}
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(body, answer)
}
