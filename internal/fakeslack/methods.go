package fakeslack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is a call with its body read.
type request struct {
	method string
	form   url.Values
	token  string
	body   []byte
	kind   string // of the body
	host   string
}

func newRequest(r *http.Request, method string, body []byte) request {
	in := request{method: method, body: body, kind: r.Header.Get("Content-Type"), host: "http://" + r.Host}
	if strings.HasPrefix(in.kind, "application/x-www-form-urlencoded") {
		in.form, _ = url.ParseQuery(string(body))
	}
	in.token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if in.token == "" {
		in.token = in.form.Get("token")
	}
	return in
}

// reply is what a method answers.
type reply struct {
	err    string
	needed string // scope
	after  int    // seconds to wait: 429
	body   map[string]any
}

func (r reply) write(w http.ResponseWriter, method string) {
	switch {
	case r.after > 0:
		w.Header().Set("Retry-After", strconv.Itoa(r.after))
		w.WriteHeader(http.StatusTooManyRequests)
	case (method == "webhook" || strings.HasPrefix(method, "response/")) && r.err != "":
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, r.err)
	case method == "webhook" || method == "upload" || strings.HasPrefix(method, "response/"):
		io.WriteString(w, "ok")
	default:
		body := map[string]any{"ok": r.err == ""}
		for k, v := range r.body {
			body[k] = v
		}
		if r.err != "" {
			body["error"] = r.err
		}
		if r.needed != "" {
			body["needed"] = r.needed
		}
		_ = json.NewEncoder(w).Encode(body) // a caller that is gone needs no answer
	}
}

// handle does what was asked. The caller holds mu.
func (s *Server) handle(in request) reply {
	if in.method == "webhook" {
		return s.webhook(in)
	}
	if key, ok := strings.CutPrefix(in.method, "response/"); ok {
		return s.respond(in, key)
	}
	if in.method == "apps.connections.open" {
		return s.openConnection(in)
	}
	if in.token != Token {
		return reply{err: "invalid_auth"}
	}
	methods := map[string]struct {
		scope string
		do    func(request) reply
	}{
		"chat.postMessage":             {"chat:write", s.post},
		"chat.update":                  {"chat:write", s.update},
		"usergroups.users.list":        {"usergroups:read", s.groupUsers},
		"conversations.history":        {"channels:history", s.history},
		"conversations.replies":        {"channels:history", s.replies},
		"files.getUploadURLExternal":   {"files:write", s.uploadURL},
		"upload":                       {"files:write", s.upload},
		"files.completeUploadExternal": {"files:write", s.completeUpload},
	}
	m, ok := methods[in.method]
	if !ok {
		return reply{err: "unknown_method"}
	}
	if !slices.Contains(s.scopes, m.scope) {
		return reply{err: "missing_scope", needed: m.scope}
	}
	return m.do(in)
}

func (s *Server) webhook(in request) reply {
	var m Message
	if json.Unmarshal(in.body, &m) != nil {
		return reply{err: "invalid_payload"}
	}
	return s.add(m)
}

func (s *Server) post(in request) reply {
	if c := in.form.Get("channel"); c != Channel && c != ChannelID {
		return reply{err: "channel_not_found"}
	}
	m, err := readMessage(in.form)
	if err != "" {
		return reply{err: err}
	}
	m.ThreadTS = in.form.Get("thread_ts")
	m.Broadcast = in.form.Get("reply_broadcast") == "true"
	if m.ThreadTS != "" && s.find(m.ThreadTS) == nil {
		return reply{err: "thread_not_found"}
	}
	return s.add(m)
}

func (s *Server) add(m Message) reply {
	if why := m.check(s.chartless); why != "" {
		return reply{err: why}
	}
	if time.Since(s.lastPost) < postSpacing {
		return reply{after: 1}
	}
	s.lastPost = time.Now()
	m.TS = s.newTS()
	m.History = []string{m.All()}
	s.messages = append(s.messages, &m)
	return reply{body: map[string]any{"channel": ChannelID, "ts": m.TS}}
}

func (s *Server) update(in request) reply {
	if in.form.Get("channel") != ChannelID {
		return reply{err: "channel_not_found"} // unlike posting, it takes no names
	}
	old := s.find(in.form.Get("ts"))
	if old == nil {
		return reply{err: "message_not_found"}
	}
	if old.locked != "" {
		return reply{err: old.locked}
	}
	m, err := readMessage(in.form)
	if err == "" {
		err = m.check(s.chartless)
	}
	if err != "" {
		return reply{err: err}
	}
	now := time.Now()
	s.updates = slices.DeleteFunc(s.updates, func(at time.Time) bool { return now.Sub(at) > time.Minute })
	if len(s.updates) >= updatesMinute {
		return reply{after: 5}
	}
	s.updates = append(s.updates, now)
	old.Text, old.Blocks, old.Edits = m.Text, m.Blocks, old.Edits+1
	old.History = append(old.History, old.All())
	if m.Metadata != nil {
		old.Metadata = m.Metadata
	}
	return reply{body: map[string]any{"channel": ChannelID, "ts": old.TS}}
}

func readMessage(form url.Values) (m Message, err string) {
	m.Text = form.Get("text")
	if blocks := form.Get("blocks"); blocks != "" && json.Unmarshal([]byte(blocks), &m.Blocks) != nil {
		return m, "invalid_blocks_format"
	}
	if metadata := form.Get("metadata"); metadata != "" && json.Unmarshal([]byte(metadata), &m.Metadata) != nil {
		return m, "invalid_metadata_format"
	}
	return m, ""
}

func (s *Server) history(in request) reply { return s.list(in, "") }

func (s *Server) replies(in request) reply {
	if s.find(in.form.Get("ts")) == nil {
		return reply{err: "thread_not_found"}
	}
	return s.list(in, in.form.Get("ts"))
}

// list returns messages as the two methods of conversations do: the newest first in a channel, the oldest in a thread.
func (s *Server) list(in request, thread string) reply {
	if in.form.Get("channel") != ChannelID {
		return reply{err: "channel_not_found"}
	}
	all := []map[string]any{}
	for _, m := range s.messages {
		if m.Deleted || m.ThreadTS != thread && m.TS != thread || m.TS < in.form.Get("oldest") {
			continue
		}
		one := map[string]any{"type": "message", "ts": m.TS, "text": m.Text}
		if in.form.Get("include_all_metadata") == "1" && m.Metadata != nil {
			one["metadata"] = m.Metadata
		}
		all = append(all, one)
	}
	if thread == "" {
		slices.Reverse(all)
	}
	return reply{body: map[string]any{"messages": all}}
}

// File is a file that was uploaded into a thread.
type File struct {
	ID, Name, Title, ThreadTS string
	Content                   []byte
	shared                    bool
}

// Files returns the files that were shared.
func (s *Server) Files() []File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.files), func(f File) bool { return !f.shared })
}

func (s *Server) uploadURL(in request) reply {
	f := File{ID: fmt.Sprint("F", len(s.files)), Name: in.form.Get("filename")}
	if n, err := strconv.Atoi(in.form.Get("length")); err != nil || n < 1 || f.Name == "" {
		return reply{err: "invalid_arguments"}
	}
	s.files = append(s.files, f)
	return reply{body: map[string]any{"file_id": f.ID, "upload_url": in.host + "/upload"}}
}

func (s *Server) upload(in request) reply {
	_, params, err := mime.ParseMediaType(in.kind)
	if err != nil || len(s.files) == 0 {
		return reply{err: "invalid_upload"}
	}
	part, err := multipart.NewReader(bytes.NewReader(in.body), params["boundary"]).NextPart()
	if err != nil {
		return reply{err: "invalid_upload"}
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return reply{err: "invalid_upload"}
	}
	s.files[len(s.files)-1].Content = content
	return reply{}
}

func (s *Server) completeUpload(in request) reply {
	var files []struct{ ID, Title string }
	if json.Unmarshal([]byte(in.form.Get("files")), &files) != nil || len(files) != 1 {
		return reply{err: "invalid_arguments"}
	}
	i := slices.IndexFunc(s.files, func(f File) bool { return f.ID == files[0].ID })
	switch {
	case i < 0:
		return reply{err: "file_not_found"}
	case in.form.Get("channel_id") != ChannelID:
		return reply{err: "channel_not_found"}
	}
	f := &s.files[i]
	if _, err := png.Decode(bytes.NewReader(f.Content)); err != nil {
		return reply{err: "invalid_image"}
	}
	f.Title, f.ThreadTS, f.shared = files[0].Title, in.form.Get("thread_ts"), true
	return reply{body: map[string]any{"files": []map[string]string{{"id": f.ID, "title": f.Title}}}}
}
