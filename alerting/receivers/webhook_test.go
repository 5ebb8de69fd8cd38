package receivers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	amwebhook "github.com/prometheus/alertmanager/notify/webhook"

	"gatewatch/internal/secret"
)

const webhookSecret = "signing-secret-1"

// checkSignature does what the documentation tells receivers to do.
func checkSignature(r *http.Request, body []byte) reply {
	at := r.Header.Get("X-Gatewatch-Timestamp")
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write([]byte(at + "." + string(body)))
	seconds, err := strconv.ParseInt(at, 10, 64)
	if r.Header.Get("X-Gatewatch-Signature") != "sha256="+hex.EncodeToString(mac.Sum(nil)) || err != nil ||
		time.Since(time.Unix(seconds, 0)).Abs() > time.Minute {
		return reply{status: 403, body: "bad signature", refuses: true}
	}
	return reply{status: 202}
}

func testWebhook(s *service, cfg WebhookConfig) Receiver {
	cfg.Name, cfg.URL = "webhook", s.address()
	return newWebhook(cfg, pageOfTests())
}

// TestWebhookPayload reads the payload with Alertmanager's own type.
func TestWebhookPayload(t *testing.T) {
	t.Parallel()
	s := newService(t, checkSignature)
	n := incident()
	n.Told.GroupKey = `{}:{alertname="PaymentProviderDown", provider="wechatpay"}`
	n.GroupLabels = map[string]string{"alertname": "PaymentProviderDown", "provider": "wechatpay"}
	n.More = 2
	n.Alerts[0].Annotations["lost_query"] = "sum(x)"
	ended := over().Alerts[0]
	ended.Labels = map[string]string{"alertname": "PaymentProviderDown", "provider": "wechatpay", "operation": "refund"}
	n.Alerts = append(n.Alerts, ended)
	r := testWebhook(s, WebhookConfig{Secret: webhookSecret, Headers: map[string]secret.Secret{"Authorization": "Bearer abc"}})
	s.send(t, r, n, time.Hour)
	text, err := json.Marshal(s.only(t))
	if err != nil {
		t.Fatal(err)
	}
	var got amwebhook.Message
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != "4" || got.Status != "firing" || got.GroupKey != n.Told.GroupKey || got.TruncatedAlerts != 2 || got.Receiver != "webhook" ||
		got.ExternalURL != pageOfTests().URL || got.GroupLabels["provider"] != "wechatpay" || len(got.Alerts) != 2 {
		t.Errorf("payload = %s", text)
	}
	if got.CommonLabels["alertname"] != "PaymentProviderDown" || got.CommonLabels["operation"] != "" || got.CommonLabels["severity"] != "" ||
		got.CommonAnnotations["success"] != "41.2%" {
		t.Errorf("common labels %v, annotations %v", got.CommonLabels, got.CommonAnnotations)
	}
	first, second := got.Alerts[0], got.Alerts[1]
	if first.Status != "firing" || !first.EndsAt.IsZero() || !first.StartsAt.Equal(n.Alerts[0].Since) || first.Annotations["payments_lost"] != "412" ||
		first.Annotations["lost_query"] != "" || len(first.Fingerprint) != 16 || second.Status != "resolved" || !second.EndsAt.Equal(ended.Ended) {
		t.Errorf("alerts = %+v", got.Alerts)
	}
	if h := s.headers[0]; h.Get("Authorization") != "Bearer abc" || h.Get("X-Gatewatch-Late-Seconds") != "3600" {
		t.Errorf("headers = %v", h)
	}
}

func TestWebhookResolvedAndUnsigned(t *testing.T) {
	t.Parallel()
	s := newService(t, func(r *http.Request, _ []byte) reply {
		if r.Header.Get("X-Gatewatch-Signature") != "" {
			return reply{status: 400, refuses: true}
		}
		return reply{}
	})
	s.send(t, testWebhook(s, WebhookConfig{}), over(), 0)
	if got := s.only(t); got["status"] != "resolved" {
		t.Errorf("payload = %v, want resolved", got)
	}
}

func TestWebhookFailures(t *testing.T) {
	t.Parallel()
	failures(t, func(s *service) Receiver { return testWebhook(s, WebhookConfig{}) }, ordinary())
}
