package posture

import (
	"path/filepath"
	"slices"

	"gatewatch/internal/invalid"
)

// ReportConfig is an entry of collectors.posture.reports: where a security scanner leaves what it found.
type ReportConfig struct {
	// Name in the label "name", such as the image or the address that is scanned.
	Name string `yaml:"name"`
	// What the report is: trivy, nuclei, zap, govulncheck (all as JSON) or sarif. In the label "scanner".
	Format string `yaml:"format"`
	// Name in the label "scanner" in place of the format, such as "semgrep" for one that writes SARIF.
	Scanner string `yaml:"scanner"`
	// The report, with * and ?: of several, the newest is read.
	Path string `yaml:"path"`
}

const maxReports = 50

func (r *ReportConfig) validate() error {
	var m invalid.Mistakes
	if !slices.Contains(reportFormats(), r.Format) {
		m.Add("format", "must be one of %q, is %q", reportFormats(), r.Format)
	}
	if r.Path == "" || !filepath.IsAbs(r.Path) {
		m.Add("path", "must be an absolute path, is %q", r.Path)
	} else if _, err := filepath.Match(r.Path, "/"); err != nil {
		m.Add("path", "%q is no pattern: a bracket is not closed", r.Path)
	}
	return m.Err()
}

// scanner returns the value of the label.
func (r *ReportConfig) scanner() string {
	if r.Scanner != "" {
		return r.Scanner
	}
	return r.Format
}
