package configs_test

import (
	"strings"
	"testing"

	"gatewatch/configs"
)

// TestRender shows that what is rendered is complete, loads again, and holds no secret.
func TestRender(t *testing.T) {
	t.Parallel()
	cfg, err := configs.Load("examples/fleet.yml", environment)
	if err != nil {
		t.Fatal(err)
	}
	text, err := configs.Render(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"xoxb", "a2V5"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("Render() shows %q:\n%s", secret, text)
		}
	}
	again, err := configs.Parse(text, "rendered", environment)
	if err != nil {
		t.Fatalf("Parse(Render()) = %v\n%s", err, text)
	}
	second, err := configs.Render(again)
	if err != nil || string(second) != string(text) {
		t.Errorf("Render() of what was rendered = %s, %v, want %s", second, err, text)
	}
}

// TestRenderAddress shows that a password inside an address is masked as well.
func TestRenderAddress(t *testing.T) {
	t.Parallel()
	cfg := configs.Default()
	cfg.Alerting.ExternalURL = "https://someone:p4ssw0rd@page.example/"
	text, err := configs.Render(cfg)
	if err != nil || strings.Contains(string(text), "p4ssw0rd") || !strings.Contains(string(text), "page.example") {
		t.Errorf("Render() = %s, %v, want the address without its password", text, err)
	}
}

// TestRenderHeaders shows that the headers of a webhook are masked, and nothing else of it says what they are.
func TestRenderHeaders(t *testing.T) {
	t.Parallel()
	const file = `
alerting:
  webhooks:
    - name: desk
      url: https://desk.example/hook/xoxb-1?token=xoxb-2
      secret: xoxb-3
      headers: {Authorization: Bearer xoxb-4, X-Key: xoxb-5}
`
	cfg, err := configs.Parse([]byte(file), "g.yml", environment)
	if err != nil {
		t.Fatal(err)
	}
	text, err := configs.Render(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "xoxb") || !strings.Contains(string(text), "Authorization: <redacted>") {
		t.Errorf("Render() = %s, want masked headers", text)
	}
}
