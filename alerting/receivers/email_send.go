package receivers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// emailPatience is how late a mail may become because the server does not take one of its recipients for now.
const emailPatience = time.Minute

// refusal is a recipient whom the mail server does not take, and what it said.
type refusal struct {
	to  string
	err error
}

// envelope begins a transaction with all recipients of msg. Those that the server does not take are left out; they are
// an error when nobody is left, or when it is worth to wait for them.
func (m *email) envelope(conn *smtp.Client, msg *mail.Msg, late time.Duration) (refused []refusal, failure *SendError) {
	from, err := msg.GetSender(false)
	if err != nil {
		return nil, m.failure(err, true)
	}
	all, err := msg.GetRecipients()
	if err != nil {
		return nil, m.failure(err, true)
	}
	if err := conn.Mail(from); err != nil {
		return nil, m.failure(err, true)
	}
	for _, to := range all {
		if err := conn.Rcpt(to); err != nil {
			refused = append(refused, refusal{strings.Trim(to, "<>"), err})
		}
	}
	if err := grave(refused, len(all), late); err != nil {
		return nil, m.failure(err, true)
	}
	return refused, nil
}

// grave returns the refusal for which a mail to so many recipients does not go out now, or nil: when the connection is
// gone, when nobody is left, or when someone may be taken a little later.
func grave(refused []refusal, recipients int, late time.Duration) error {
	if len(refused) == 0 {
		return nil
	}
	worst := refused[0]
	passing := slices.IndexFunc(refused, func(r refusal) bool { return replyCode(r.err)/100 != 5 })
	if passing >= 0 {
		worst = refused[passing]
	}
	gone := slices.ContainsFunc(refused, func(r refusal) bool { code := replyCode(r.err); return code == 0 || code == 421 })
	if gone || len(refused) >= recipients || passing >= 0 && late < emailPatience {
		return fmt.Errorf("recipient %s: %w", worst.to, worst.err)
	}
	return nil
}

// hand gives the text of msg to the server, which ends the transaction.
func (m *email) hand(conn *smtp.Client, msg *mail.Msg) error {
	w, err := conn.Data()
	if err != nil {
		return err
	}
	if _, err := msg.WriteTo(w); err != nil {
		// Anything that is said now would end the mail, which the server would send as it is.
		conn.Close()
		return err
	}
	return w.Close()
}

// missing says in a mail who does not get it, as nobody else would tell.
func (m *email) missing(refused []refusal) string {
	names := make([]string, 0, len(refused))
	for _, r := range refused {
		names = append(names, r.to)
	}
	if m.cfg.Language == "zh" {
		return "邮件服务器不接受以下收件人：" + strings.Join(names, "、")
	}
	return "The mail server does not take mail for " + strings.Join(names, ", ")
}
