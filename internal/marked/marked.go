// Package marked keeps generated parts of documents up to date: what stands between <!-- NAME: begin --> and
// <!-- NAME: end -->.
package marked

import (
	"fmt"
	"os"
	"strings"
)

// Replace puts text between the marks of name in the file. It fails when they are not there.
func Replace(path, name, text string) error {
	begin, end := "<!-- "+name+": begin -->", "<!-- "+name+": end -->"
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(data), begin+"\n")
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no marks %q and %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+text+end+after), 0o644)
}
