package backups

import (
	"fmt"
	"os"
	"time"
)

// RestoreTests are the files in which it is noted that a backup was restored to try it, by the name in the configuration.
type RestoreTests map[string]string

// RestoreTestsOf returns the file of each entry that has one.
func RestoreTestsOf(all []Config) RestoreTests {
	files := RestoreTests{}
	for _, b := range all {
		if b.RestoreTestFile != "" {
			files[b.Name] = b.RestoreTestFile
		}
	}
	return files
}

// Note notes that a backup with this name was restored just now. It is safe for concurrent use.
func (r RestoreTests) Note(name string) error {
	file := r[name]
	if file == "" {
		return fmt.Errorf("no entry of collectors.backups with the name %q has a restore_test_file", name)
	}
	now := time.Now()
	err := os.Chtimes(file, now, now)
	if os.IsNotExist(err) {
		err = os.WriteFile(file, nil, 0o600)
	}
	if err != nil {
		return fmt.Errorf("note the restore test of %s: %w", name, err)
	}
	return nil
}
