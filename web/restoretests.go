package web

import (
	"encoding/json"
	"net/http"
)

// maxRestoreTestBody bounds what tells of a restore test.
const maxRestoreTestBody = 4 << 10

// restoreTested notes that a backup was restored to try it: POST {"name": "orders"}.
func restoreTested(note func(name string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Name string `json:"name"`
		}
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRestoreTestBody)).Decode(&body)
		if err != nil || body.Name == "" {
			plain(w, http.StatusBadRequest, `the body must be {"name": "orders"}, a name under collectors.backups`)
			return
		}
		if err := note(body.Name); err != nil {
			plain(w, http.StatusBadRequest, err.Error())
			return
		}
		plain(w, http.StatusOK, "restore test noted")
	}
}
