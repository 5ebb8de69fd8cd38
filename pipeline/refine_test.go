package pipeline

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"gatewatch/event"
)

// TestCustomer shows that a customer's number becomes a key, and stands nowhere else in the document.
func TestCustomer(t *testing.T) {
	t.Parallel()
	cfg := GroupConfig{Paths: []string{"x"}}
	cfg.SetDefaults()
	parts := testParts(t)
	parts.CustomerSecret = []byte("secret")
	var doc []byte
	line := `{"time":"2026-11-22T08:00:00Z","msg":"paid","openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o","country":"CN","client":"app"}`
	if _, err := ReadAll(context.Background(), strings.NewReader(line+"\n"), "x", cfg, parts, func(ev *event.Event) {
		doc = event.AppendDocument(nil, ev)
	}); err != nil {
		t.Fatal(err)
	}
	want := []byte(`"payment.customer_key":"d37e9d7e4805aafe","payment.country":"CN","payment.client":"app"`)
	if !bytes.Contains(doc, want) || bytes.Contains(doc, []byte("oUpF8")) {
		t.Errorf("got %s, want %s and no number", doc, want)
	}
}
