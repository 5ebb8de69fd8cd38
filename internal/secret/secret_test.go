package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestNeverPrinted(t *testing.T) {
	t.Parallel()
	const value = "xoxb-very-secret"
	v := struct{ Token Secret }{value}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "token", v.Token, "all", v)
	js, _ := json.Marshal(v)
	ym, _ := yaml.Marshal(v)
	for where, text := range map[string]string{
		"fmt":  fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v.Token, v.Token, v.Token),
		"slog": log.String(), "json": string(js), "yaml": string(ym),
	} {
		if strings.Contains(text, value) {
			t.Errorf("%s printed the secret: %s", where, text)
		}
	}
	if got := v.Token.Reveal(); got != value {
		t.Errorf("Reveal() = %q, want %q", got, value)
	}
	if got := fmt.Sprint(Secret("")); got != "" {
		t.Errorf("empty secret prints %q, want nothing", got)
	}
}
