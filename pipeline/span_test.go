package pipeline

import (
	"bytes"
	"strings"
	"testing"

	"gatewatch/event"
)

// TestSpan shows what becomes of the words that hyperswitch writes before its messages.
func TestSpan(t *testing.T) {
	t.Parallel()
	f := func(message, want string) {
		t.Helper()
		cfg := GroupConfig{Paths: []string{"x"}, Format: "json"}
		cfg.SetDefaults()
		var doc []byte
		line := `{"time":"2026-11-22T08:00:00Z","message":"` + message + `"}`
		if _, err := ReadAll(t.Context(), strings.NewReader(line+"\n"), "x", cfg, testParts(t), func(ev *event.Event) {
			doc = event.AppendDocument(nil, ev)
		}); err != nil {
			t.Fatal(err)
		}
		_, got, _ := bytes.Cut(doc, []byte(`Z",`))
		if string(got) != want+"}" {
			t.Errorf("%s: got %s, want %s", message, got, want)
		}
	}
	f(`[PAYMENTS_CREATE - START]`, `"message":"PAYMENTS_CREATE","event.action":"PAYMENTS_CREATE","event.type":"start"`)
	f(`[PAYMENTS_CREATE - END]`, `"message":"PAYMENTS_CREATE","event.action":"PAYMENTS_CREATE","event.type":"end"`)
	f(`[CALL - A - EVENT] said \"no\"`, `"message":"said \"no\"","event.action":"CALL - A"`)
	for _, other := range []string{
		`[PAYMENTS_CREATE - DONE] a`, `[payments - START]`, `[PAYMENTS_CREATE - START]a`, `[ - START] a`, `[1 - END] a`,
		`[PAYMENTS_CREATE]`, `[`, `[` + strings.Repeat("A", 100) + ` - END]`, `PAYMENTS_CREATE - START`,
	} {
		f(other, `"message":"`+other+`"`)
	}
}
