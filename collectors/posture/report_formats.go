package posture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// reportParsers reads the formats of reports: how many findings of each level there are, and when it was made.
var reportParsers = map[string]func([]byte) (map[string]int, time.Time, error){
	"trivy": parseTrivy, "nuclei": parseNuclei, "zap": parseZAP, "govulncheck": parseGovulncheck, "sarif": parseSARIF,
}

func reportFormats() []string { return slices.Sorted(maps.Keys(reportParsers)) }

// findingLevels are the values of the label "level".
func findingLevels() []string { return []string{"critical", "high", "medium", "low", "info"} }

func parseReport(format string, data []byte) (map[string]int, time.Time, error) {
	// Windows writes a byte order mark before UTF-8.
	return reportParsers[format](bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
}

// levelOf returns the level that a scanner's word means.
func levelOf(word string) string {
	switch word = strings.ToLower(word); word {
	case "critical", "high", "medium", "low":
		return word
	case "moderate":
		return "medium"
	}
	return "info" // also unknown: scanners use it for what nobody has judged
}

// parseTrivy reads "trivy image --format json": vulnerabilities, failed checks of configuration, and secrets.
func parseTrivy(data []byte) (map[string]int, time.Time, error) {
	type finding struct{ Severity, Status string }
	var doc struct {
		SchemaVersion int
		CreatedAt     time.Time
		Results       []struct{ Vulnerabilities, Misconfigurations, Secrets []finding }
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, time.Time{}, err
	}
	if doc.SchemaVersion == 0 {
		return nil, time.Time{}, errors.New("is no report of trivy: it has no SchemaVersion")
	}
	counts := map[string]int{}
	for _, r := range doc.Results {
		for _, f := range slices.Concat(r.Vulnerabilities, r.Secrets) {
			counts[levelOf(f.Severity)]++
		}
		for _, f := range r.Misconfigurations {
			if f.Status != "PASS" {
				counts[levelOf(f.Severity)]++
			}
		}
	}
	return counts, doc.CreatedAt, nil
}

// parseNuclei reads "nuclei -jsonl", a finding a line, and "nuclei -json-export", a list of them. An empty file is a scan
// that found nothing.
func parseNuclei(data []byte) (counts map[string]int, made time.Time, err error) {
	type finding struct {
		TemplateID string `json:"template-id"`
		Info       struct {
			Severity string `json:"severity"`
		} `json:"info"`
		Timestamp time.Time `json:"timestamp"`
		// Matched is false for what was looked for and not found, which "nuclei -matcher-status" tells, too.
		Matched *bool `json:"matcher-status"`
	}
	var all []finding
	if data = bytes.TrimSpace(data); bytes.HasPrefix(data, []byte{'['}) {
		err = json.Unmarshal(data, &all)
	} else {
		err = eachJSON(data, func(f finding) { all = append(all, f) })
	}
	if err != nil {
		return nil, made, err
	}
	counts = map[string]int{}
	for _, f := range all {
		if f.TemplateID == "" {
			return nil, made, errors.New("is no report of nuclei: a finding has no template-id")
		}
		if f.Matched == nil || *f.Matched {
			counts[levelOf(f.Info.Severity)]++
		}
		if f.Timestamp.After(made) {
			made = f.Timestamp
		}
	}
	return counts, made, nil
}

// parseZAP reads ZAP's traditional JSON report. What somebody marked as no finding is left out.
func parseZAP(data []byte) (map[string]int, time.Time, error) {
	var doc struct {
		Created string `json:"created"`
		Site    []struct {
			Alerts []struct {
				Risk       string `json:"riskcode"`
				Confidence string `json:"confidence"`
			} `json:"alerts"`
		} `json:"site"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, time.Time{}, err
	}
	if len(doc.Site) == 0 {
		return nil, time.Time{}, errors.New("is no report of ZAP, or one that reached nothing: it has no site")
	}
	counts := map[string]int{}
	for _, site := range doc.Site {
		for _, a := range site.Alerts {
			level, ok := map[string]string{"3": "high", "2": "medium", "1": "low", "0": "info"}[a.Risk]
			if !ok {
				return nil, time.Time{}, fmt.Errorf("riskcode %q is not known", a.Risk)
			}
			if a.Confidence != "0" {
				counts[level]++
			}
		}
	}
	made, _ := time.Parse(time.RFC3339Nano, doc.Created) // reports of before 2.13 have no such time
	return counts, made, nil
}

// parseGovulncheck reads "govulncheck -format json". It has no levels: a hole that the program calls is high, one in a
// package that it imports medium, one elsewhere in a module low. Of a program that does not compile, the report has no more
// than a beginning.
func parseGovulncheck(data []byte) (map[string]int, time.Time, error) {
	type message struct {
		Config   *struct{} `json:"config"`
		Progress struct {
			Message string `json:"message"`
		} `json:"progress"`
		Finding *struct {
			OSV   string `json:"osv"`
			Trace []struct {
				Package  string `json:"package"`
				Function string `json:"function"`
			} `json:"trace"`
		} `json:"finding"`
	}
	began, checked := false, false
	worst := map[string]string{}
	err := eachJSON(data, func(m message) {
		began = began || m.Config != nil
		// The second is what versions before 1.1 say.
		checked = checked || strings.HasPrefix(m.Progress.Message, "Checking ") || strings.HasPrefix(m.Progress.Message, "Scanning your code")
		if m.Finding == nil || len(m.Finding.Trace) == 0 {
			return
		}
		level := "low"
		switch {
		case m.Finding.Trace[0].Function != "":
			level = "high"
		case m.Finding.Trace[0].Package != "":
			level = "medium"
		}
		if before, ok := worst[m.Finding.OSV]; !ok || slices.Index(findingLevels(), level) < slices.Index(findingLevels(), before) {
			worst[m.Finding.OSV] = level
		}
	})
	switch {
	case err != nil:
	case !began:
		err = errors.New("is no report of govulncheck: it has no config")
	case !checked && len(worst) == 0:
		err = errors.New("is the beginning of a report of govulncheck, which failed before it looked for holes")
	}
	counts := map[string]int{}
	for _, level := range worst {
		counts[level]++
	}
	return counts, time.Time{}, err
}

// eachJSON calls do with each of the values that data holds, one after the other.
func eachJSON[T any](data []byte, do func(T)) error {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var one T
		switch err := d.Decode(&one); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		do(one)
	}
}
