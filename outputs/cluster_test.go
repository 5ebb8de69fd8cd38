package outputs

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// cluster is a fake Elasticsearch with the quirks of a real 8.19: an item for each document in the order of the
// request, 409 for an id it has, 413 without a body and without the product header, 400 for items that are not JSON.
// It is an http.Handler, for tests with sockets, and an http.RoundTripper, for tests in a synctest bubble.
type cluster struct {
	// openSearch makes it an OpenSearch, which never sends the product header.
	openSearch bool
	// version is 8.19.21 when empty.
	version string
	// maxBody is http.max_content_length; 0 is none.
	maxBody int
	// fault, when not nil, is asked before each bulk request is carried out.
	fault func(request int) fault
	// item, when not nil, says what becomes of a document; status 0 accepts it.
	item func(id, doc string) (status int, errorType string)
	// onBulk, when not nil, sees each bulk request before it is carried out.
	onBulk func(r *http.Request, body []byte)

	mu        sync.Mutex
	requests  int
	template  map[string]any
	templates int
	denied    int
	accepted  map[string]int
	docs      map[string]string
	indices   map[string]string
	sizes     []int
}

// fault is what goes wrong with one bulk request.
type fault struct {
	// status answers with this instead of carrying the request out.
	status     int
	body       string
	retryAfter string
	// apply carries the request out before it goes wrong.
	apply bool
	// cut ends the answer in the middle, short leaves out items, garbage answers 200 with something else, reset ends
	// the connection.
	cut, short, garbage, reset bool
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !c.openSearch {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/":
		dist := ""
		if c.openSearch {
			dist = `"distribution":"opensearch",`
		}
		io.WriteString(w, `{"cluster_name":"fake","version":{`+dist+`"number":"`+cmp.Or(c.version, "8.19.21")+`"}}`)
	case strings.HasPrefix(r.URL.Path, "/_index_template/"):
		c.serveTemplate(w, r)
	case strings.HasSuffix(r.URL.Path, "/_bulk"):
		c.serveBulk(w, r)
	default:
		http.Error(w, "no such path "+r.URL.Path, http.StatusBadRequest)
	}
}

func (c *cluster) serveTemplate(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.denied > 0 {
		w.WriteHeader(c.denied)
		io.WriteString(w, `{"error":{"type":"security_exception","reason":"action is unauthorized"},"status":403}`)
		return
	}
	if r.Method == http.MethodPut {
		c.template = nil
		if err := json.NewDecoder(r.Body).Decode(&c.template); err != nil {
			panic(err)
		}
		c.templates++
		io.WriteString(w, `{"acknowledged":true}`)
		return
	}
	if c.template == nil {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"error":{"type":"resource_not_found_exception","reason":"index template matching [logs-gatewatch] not found"},"status":404}`)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"index_templates": []any{map[string]any{"name": "logs-gatewatch", "index_template": c.template}}})
}

func (c *cluster) serveBulk(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			panic(err)
		}
		if data, err = io.ReadAll(z); err != nil {
			panic(err)
		}
	}
	if c.onBulk != nil {
		c.onBulk(r, data)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.sizes = append(c.sizes, len(data))
	if c.maxBody > 0 && len(data) > c.maxBody {
		w.Header().Del("X-Elastic-Product")
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	var f fault
	if c.fault != nil {
		f = c.fault(c.requests)
	}
	var items []string
	if f == (fault{}) || f.apply {
		items = c.carryOut(data, strings.Trim(strings.TrimSuffix(r.URL.Path, "_bulk"), "/"))
	}
	c.answer(w, f, items)
}

func (c *cluster) answer(w http.ResponseWriter, f fault, items []string) {
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
	}
	if f.short {
		items = items[:len(items)/2]
	}
	full := fmt.Sprintf(`{"errors":%v,"items":[%s]}`, strings.Contains(strings.Join(items, ""), `"error"`), strings.Join(items, ","))
	switch {
	case f.reset:
		panic(errReset)
	case f.status != 0:
		w.WriteHeader(f.status)
		io.WriteString(w, f.body)
	case f.garbage:
		io.WriteString(w, "<html>sorry</html>")
	case f.cut:
		w.Header().Set("Content-Length", strconv.Itoa(len(full)))
		io.WriteString(w, full[:len(full)/2])
	default:
		io.WriteString(w, full)
	}
}

// carryOut creates the documents and returns an item for each.
func (c *cluster) carryOut(data []byte, index string) []string {
	if c.accepted == nil {
		c.accepted, c.docs, c.indices = map[string]int{}, map[string]string{}, map[string]string{}
	}
	var items []string
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil || action.Create.ID == "" {
			panic(fmt.Sprintf("action line %q: %v", lines.Bytes(), err))
		}
		if !lines.Scan() {
			panic("an action without a document")
		}
		to := action.Create.Index
		if to == "" {
			to = index
		}
		items = append(items, c.create(to, action.Create.ID, lines.Text()))
	}
	return items
}

func (c *cluster) create(index, id, doc string) string {
	status, errorType := http.StatusCreated, ""
	if c.item != nil {
		if s, e := c.item(id, doc); s != 0 {
			status, errorType = s, e
		}
	}
	if status == http.StatusCreated && !json.Valid([]byte(doc)) {
		status, errorType = http.StatusBadRequest, "document_parsing_exception"
	}
	if status == http.StatusCreated && c.accepted[id] > 0 {
		status, errorType = http.StatusConflict, "version_conflict_engine_exception"
	}
	if errorType != "" {
		return fmt.Sprintf(`{"create":{"status":%d,"error":{"type":%q,"reason":"because \"status\":201"}}}`, status, errorType)
	}
	c.accepted[id]++
	c.docs[id], c.indices[id] = doc, index
	return `{"create":{"status":201}}`
}

// errReset makes the fake end the connection without an answer. It is http.ErrAbortHandler for a real server.
var errReset = http.ErrAbortHandler

// RoundTrip lets the client talk to the fake without a socket, whose waiting would stop a bubble's clock.
func (c *cluster) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			if p != errReset {
				panic(p)
			}
			resp, err = nil, fmt.Errorf("read: %w", syscall.ECONNRESET)
		}
	}()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, req)
	resp = rec.Result()
	if n := resp.ContentLength; n > int64(rec.Body.Len()) {
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, errReader{}))
	}
	return resp, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.Join(io.ErrUnexpectedEOF) }

// holds returns copies of how often each id was accepted, and of the documents.
func (c *cluster) holds() (map[string]int, map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.accepted), maps.Clone(c.docs)
}

// times returns how often id was accepted.
func (c *cluster) times(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.accepted[id]
}
