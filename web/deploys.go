package web

import (
	"encoding/json"
	"net/http"
	"strings"
)

// maxDeployBody bounds the body of a told deploy, maxVersion the version's name, in bytes.
const maxDeployBody, maxVersion = 4096, 100

// deployed notes that a new version of what writes the logs begins to run: POST {"version": "1.2.3"}.
func (s *server) deployed(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Version string `json:"version"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDeployBody)).Decode(&body)
	version := strings.TrimSpace(body.Version)
	if err != nil || version == "" || len(version) > maxVersion {
		plain(w, http.StatusBadRequest, `the body must be {"version": "1.2.3"}`)
		return
	}
	s.deploy(version)
	plain(w, http.StatusOK, "deploy noted")
}
