package configs_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"gatewatch/configs"
)

// FuzzParse checks that no input crashes the loader, that mistakes always have a text and a line inside the file, and
// that what loads can be rendered.
func FuzzParse(f *testing.F) {
	for _, glob := range []string{"testdata/bad/*.yml", "examples/*.yml", "gatewatch.yml"} {
		files, err := filepath.Glob(glob)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := configs.Parse(data, "g.yml", environment)
		if err == nil {
			if _, err := configs.Render(cfg); err != nil {
				t.Fatal(err)
			}
			return
		}
		found, ok := errors.AsType[configs.Mistakes](err)
		if !ok || len(found) == 0 {
			t.Fatalf("Parse() = %#v, want Mistakes", err)
		}
		for _, m := range found {
			if m.Text == "" || m.Line < 0 || m.Line > len(data)+1 {
				t.Errorf("mistake %#v in %d bytes", m, len(data))
			}
		}
	})
}
