package web

import (
	"fmt"
	"net/http"
	"time"
)

// UnclassedCode is a result code of a provider that no table gives an outcome class.
type UnclassedCode struct {
	// Provider is the canonical name, Code what the provider said; "" when it gave none.
	Provider string `json:"provider"`
	Code     string `json:"code"`
	// Count is how many records had it since the agent's start.
	Count int64     `json:"count"`
	First time.Time `json:"first_seen"`
	Last  time.Time `json:"last_seen"`
	// Sample is the text of one record.
	Sample string `json:"sample"`
	// Unknown says that Gatewatch does not know the provider: its name has to be listed before its codes.
	Unknown bool `json:"-"`
}

// unclassedShown is the most codes on the page.
const unclassedShown = 50

// unclassedRow is a code as the page shows it.
type unclassedRow struct {
	UnclassedCode
	// YAML is what to write to the file of payments.outcomes, with the class left open.
	YAML string
	Logs string
}

// unclassedRows returns the codes without a class for the page of errors.
func (s *server) unclassedRows() []unclassedRow {
	if s.unclassed == nil {
		return nil
	}
	var rows []unclassedRow
	for _, c := range s.unclassed() {
		if len(rows) == unclassedShown {
			break
		}
		st := logState{Text: term("payment.outcome", "unclassed") + " " + term("payment.provider", c.Provider), Range: defaultLogRange}
		rows = append(rows, unclassedRow{c, outcomeRow(c), st.Link()})
	}
	return rows
}

// outcomeRow returns the row of an outcome file that gives the code a class, or "" when there is no code to name.
func outcomeRow(c UnclassedCode) string {
	if c.Code == "" {
		return ""
	}
	names := ""
	if c.Unknown {
		names = fmt.Sprintf("names: [%q]\n", c.Provider)
	}
	return names + fmt.Sprintf("providers:\n  %s:\n    %q: {class: CLASS, note: what it means, source: who says so}", c.Provider, c.Code)
}

// apiUnclassed answers /api/v1/unclassed with all codes without a class, the most frequent first.
func (s *server) apiUnclassed(w http.ResponseWriter, r *http.Request) {
	type answer struct {
		UnclassedCode
		YAML string `json:"yaml,omitempty"`
	}
	codes := []answer{}
	for _, c := range s.unclassed() {
		codes = append(codes, answer{c, outcomeRow(c)})
	}
	s.writeJSON(w, r, http.StatusOK, map[string]any{"status": "success", "data": codes})
}
