package receivers

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

func testEmail(f *fakeSMTP, change func(*EmailConfig)) Receiver {
	cfg := EmailConfig{
		Entry: Entry{Name: "email"}, Server: f.addr, CAFile: f.caFile, Username: mailUser, Password: mailPassword, TLS: "starttls",
		From: "Gatewatch <gatewatch@example.com>", To: []string{"a@example.com", "b@example.com"}, Language: "en",
	}
	if f.implicit {
		cfg.TLS = "implicit"
	}
	if change != nil {
		change(&cfg)
	}
	return newEmail(cfg, pageOfTests())
}

// parts reads a mail as a mail program does: subject, plain text and HTML.
func parts(t *testing.T, text string) (m *mail.Message, subject, plain, html string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	all := multipart.NewReader(m.Body, params["boundary"])
	for _, to := range []*string{&plain, &html} {
		part, err := all.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		*to = string(body)
	}
	return m, subject, plain, html
}

func TestEmail(t *testing.T) {
	t.Parallel()
	for _, implicit := range []bool{false, true} {
		f := newFakeSMTP(t, implicit, nil)
		n := incident()
		n.Alerts[0].Annotations["description"] = "58% fail & <b>more</b>"
		if err := testEmail(f, nil).Send(t.Context(), n, time.Hour); err != nil || len(f.mails) != 1 {
			t.Fatalf("Send() = %v with %d mails", err, len(f.mails))
		}
		m, subject, plain, html := parts(t, f.mails[0])
		if subject != "🔴 WeChat Pay is failing, on their side" || m.Header.Get("To") != "<a@example.com>, <b@example.com>" || m.Header.Get("References") == "" {
			t.Errorf("subject %q, header %v", subject, m.Header)
		}
		for _, want := range []string{"Late by 1 h", "Success: 41.2% (expected 96.8%)", "58% fail & <b>more</b>", "Why we think so", "Open: https://gatewatch.example/?a=1&b=2", "Runbook: https://git"} {
			if !strings.Contains(plain, want) {
				t.Errorf("text = %s, want %q in it", plain, want)
			}
		}
		for _, want := range []string{"<h2>🔴 WeChat Pay", "58% fail &amp; &lt;b&gt;more&lt;/b&gt;", `<a href="https://gatewatch.example/?a=1&amp;b=2">Open</a>`} {
			if !strings.Contains(html, want) {
				t.Errorf("HTML = %s, want %q in it", html, want)
			}
		}
	}
}

// TestEmailConversation has the end in the same conversation as the beginning.
func TestEmailConversation(t *testing.T) {
	t.Parallel()
	f := newFakeSMTP(t, false, nil)
	r := testEmail(f, func(c *EmailConfig) { c.Language = "zh" })
	for _, n := range []Notice{incident(), over(), endless()} {
		if err := r.Send(t.Context(), n, 0); err != nil {
			t.Fatal(err)
		}
	}
	first, _, _, _ := parts(t, f.mails[0])
	second, subject, plain, _ := parts(t, f.mails[1])
	if first.Header.Get("References") != second.Header.Get("References") || first.Header.Get("Message-Id") == second.Header.Get("Message-Id") {
		t.Errorf("headers %v and %v are no conversation", first.Header, second.Header)
	}
	if !strings.Contains(subject, "已恢复：微信支付") || !strings.Contains(plain, "持续 7 分钟") {
		t.Errorf("subject %q, text %s", subject, plain)
	}
}

func TestEmailFailures(t *testing.T) {
	t.Parallel()
	f := func(fail map[string]string, change func(*EmailConfig), want wants) {
		t.Helper()
		s := newFakeSMTP(t, false, fail)
		err := testEmail(s, change).Send(t.Context(), incident(), 0)
		e, ok := errors.AsType[*SendError](err)
		if !ok || e.After != want.after || e.Blocked != want.blocked || e.Refused != want.refused || strings.Contains(e.Text, mailPassword) {
			t.Errorf("Send() with %v = %+v, want %+v and no password", fail, err, want)
		}
	}
	f(nil, func(c *EmailConfig) { c.Password = "wrong" }, wants{blocked: true})
	f(nil, func(c *EmailConfig) { c.To = []string{"c@elsewhere.example", "d@elsewhere.example"} }, wants{blocked: true})
	f(nil, func(c *EmailConfig) { c.CAFile = "" }, wants{blocked: true})
	f(nil, func(c *EmailConfig) { c.TLS = "none"; c.Username, c.Password = "", "" }, wants{blocked: true})
	f(map[string]string{"AUTH": "535 5.7.8 not " + mailPassword}, nil, wants{blocked: true})
	f(map[string]string{"AUTH": "454 4.7.0 later"}, nil, wants{})
	f(map[string]string{"MAIL": "451 4.3.0 later"}, nil, wants{})
	f(map[string]string{"RCPT": "450 4.2.1 later"}, nil, wants{})
	f(map[string]string{"DATA": "554 5.7.1 spam"}, nil, wants{refused: true})
	f(map[string]string{"STARTTLS": "454 4.7.0 later"}, nil, wants{})
	f(nil, func(c *EmailConfig) { c.Server = "127.0.0.1:1" }, wants{})
}

// TestEmailRecipientRefused has the others get the mail, and read who does not.
func TestEmailRecipientRefused(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"en": "does not take mail for c@elsewhere.example", "zh": "不接受以下收件人：c@elsewhere.example"} {
		s := newFakeSMTP(t, false, nil)
		r := testEmail(s, func(c *EmailConfig) {
			c.To, c.Language = []string{"a@example.com", "c@elsewhere.example", "b@example.com"}, language
		})
		if err := r.Send(t.Context(), incident(), 0); err != nil || len(s.mails) != 1 {
			t.Fatalf("Send() = %v with %d mails, want one", err, len(s.mails))
		}
		_, _, plain, html := parts(t, s.mails[0])
		if !strings.Contains(plain, want) || !strings.Contains(html, want) {
			t.Errorf("text = %s\nHTML = %s\nwant %q in both", plain, html, want)
		}
	}
}

func TestGraveRefusals(t *testing.T) {
	t.Parallel()
	f := func(recipients int, late time.Duration, want int, codes ...int) {
		t.Helper()
		var refused []refusal
		for _, code := range codes {
			var err error = io.EOF
			if code > 0 {
				err = &textproto.Error{Code: code}
			}
			refused = append(refused, refusal{"a@example.com", err})
		}
		err := grave(refused, recipients, late)
		if (err == nil) != (want < 0) || err != nil && replyCode(err) != want {
			t.Errorf("grave(%v, %d, %v) = %v, want %d", codes, recipients, late, err, want)
		}
	}
	f(3, 0, -1)
	f(3, 0, -1, 550, 550)
	f(2, 0, 550, 550, 550)
	f(2, time.Hour, 450, 550, 450)
	f(3, 0, 450, 550, 450)
	f(3, emailPatience, -1, 550, 450)
	f(3, time.Hour, 421, 421)
	f(3, time.Hour, 0, 0)
}
