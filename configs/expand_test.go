package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/configs"
)

// service returns what text becomes as a label in a configuration.
func service(t *testing.T, text string) (string, error) {
	t.Helper()
	cfg, err := configs.Parse([]byte("logs: [{paths: [/x.log], labels: {service: "+text+"}}]"), "g.yml", environment)
	if err != nil {
		return "", err
	}
	return cfg.Logs[0].Labels["service"], nil
}

func TestExpand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "token")
	if err := os.WriteFile(secret, []byte("# }: 'x\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(text, want string) {
		t.Helper()
		if got, err := service(t, text); err != nil || got != want {
			t.Errorf("value %s becomes %q, %v, want %q", text, got, err, want)
		}
	}
	f(`"${SLACK_TOKEN}"`, "xoxb-1: a # b")
	f(`'${SLACK_TOKEN}'`, "xoxb-1: a # b")
	f(`"https://${HOST}:9200/${HOST}"`, "https://es.example:9200/es.example")
	f(`"${file:`+secret+`}"`, `# }: 'x"`)
	f(`"${EMPTY}"`, "")
	f(`"${EMPTY:-none}"`, "none")
	f(`"${UNSET:-a:-b}"`, "a:-b")
	f(`"${HOST:-other}"`, "es.example")
	f(`"$${HOST} $HOST $$ $"`, "${HOST} $HOST $$ $")
	f(`"${SERIES}"`, "1234")
}

// TestExpandNumber shows that a number may come from the environment, quoted or not.
func TestExpandNumber(t *testing.T) {
	t.Parallel()
	f := func(text string, want int) {
		t.Helper()
		data := "logs: [{paths: [/x.log]}]\nseries:\n  max_series: " + text + "\n"
		cfg, err := configs.Parse([]byte(data), "g.yml", environment)
		if err != nil || cfg.Series.MaxSeries != want {
			t.Errorf("max_series: %s becomes %+v, %v, want %d", text, cfg, err, want)
		}
	}
	f("${SERIES}", 1234)
	f(`"${SERIES}"`, 1234)
	f(`"${UNSET:-77}"`, 77)
}

// TestSecretsInTheWrongPlaceStayOut has secrets as plain text where no text belongs.
func TestSecretsInTheWrongPlaceStayOut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"alerting: {slack: [xoxb-1]}",
		"alerting: {slack: xoxb-1}",
		"alerting: {webhooks: xoxb-1}",
		"alerting: {webhooks: [{url: \"http://h/\", headers: \"Authorization: Bearer xoxb-1\"}]}",
		"alerting: {webhooks: [{url: \"http://h/\", headers: [\"Authorization: Bearer xoxb-1\"]}]}",
		"alerting: {webhooks: [{url: \"http://h/\", headers: {\"Authorization: Bearer xoxb-1\": \"\"}}]}",
		"alerting: {webhooks: [{url: \"http://h/\", headers: {Authorization: [xoxb-1]}}]}",
		"alerting: {webhooks: [{url: \"http://h/\", headers: {Authorization: \"xoxb-1\\n\"}}]}",
	} {
		_, err := configs.Parse([]byte(text), "g.yml", environment)
		if err == nil || strings.Contains(err.Error(), "xoxb") || !strings.Contains(err.Error(), "g.yml:1: ") {
			t.Errorf("Parse(%s) = %v, want an error without the secret", text, err)
		}
	}
}

// TestExpandSecretsStayOut gives secrets to keys that cannot take them: no message may repeat them.
func TestExpandSecretsStayOut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"series: {max_series: \"${SLACK_TOKEN}\"}",
		"series: {interval: \"${SLACK_TOKEN}\"}",
		"journal: {max_size: \"${SLACK_TOKEN}\"}",
		"alerting: {slack: {token: [\"${SLACK_TOKEN}\"]}}",
		"alerting: {external_url: \"${SLACK_TOKEN}\"}",
		"logs: [{paths: [/x.log], timezone: \"a/${QUOTED}\"}]",
		"logs: [{paths: [/x.log], format: \"${QUOTED}\"}]",
	} {
		_, err := configs.Parse([]byte(text), "g.yml", environment)
		if err == nil || strings.Contains(err.Error(), "xoxb") || !strings.Contains(err.Error(), "g.yml:1: ") {
			t.Errorf("Parse(%s) = %v, want an error without the secret", text, err)
		}
	}
}
