package payment

import (
	"strings"
	"unicode/utf8"

	"gatewatch/event"
)

// head is what the Chinese words at the beginning of a message name.
type head struct {
	provider  *provider
	operation string
}

// messageHead is how much of a message is searched.
const messageHead = 48

// head returns what the beginning of a Chinese message names: 收到微信支付回调 …, 支付宝退款成功 …. English messages are
// sentences of any kind and decide nothing.
func (c *Classifier) head(ev *event.Event) head {
	message := ev.Fact(event.Message)
	var buf [messageHead]byte
	wide := appendWide(buf[:0], message[:min(len(message), messageHead)])
	if len(wide) == 0 {
		return head{}
	}
	return c.heads.get(wide)
}

// beginsWide tells whether a message begins with a sign that is not ASCII.
func beginsWide(message []byte) bool { return len(message) > 0 && message[0] >= utf8.RuneSelf }

// appendWide appends what of text is not ASCII, with a space where something is left out. Few texts remain of the many
// messages of a log, so that what they mean can be remembered.
func appendWide(dst, text []byte) []byte {
	for i, b := range text {
		if b < utf8.RuneSelf {
			continue
		}
		if len(dst) > 0 && text[i-1] < utf8.RuneSelf {
			dst = append(dst, ' ')
		}
		dst = append(dst, b)
	}
	return dst
}

// headProviders are the names by which Chinese messages call providers.
var headProviders = [...]struct{ word, name string }{
	{"微信", "wechatpay"}, {"支付宝", "alipay"}, {"云闪付", "unionpay"}, {"银联", "unionpay"},
}

// findHead reads the Chinese words at the beginning of a message.
func (c *Classifier) findHead(words string) (h head) {
	for _, p := range headProviders {
		if strings.Contains(words, p.word) {
			h.provider = c.known[p.name]
			break
		}
	}
	// The address that a provider shall call is part of a request.
	words = strings.NewReplacer("回调地址", "", "通知地址", "").Replace(words)
	for _, w := range operationWords {
		if w.word[0] >= utf8.RuneSelf && w.operation != authorize && strings.Contains(words, w.word) {
			h.operation = w.operation
			break
		}
	}
	return h
}

// ownFields are names of fields, cleaned, that only one provider has.
var ownFields = [...]struct{ name, provider string }{
	{"pspreference", "adyen"}, {"refusalreasoncode", "adyen"}, {"tradestate", "wechatpay"},
}

// byFields returns the provider to whose answers alone the fields belong that gave the code, the status or the
// transaction id, or nil.
func (c *Classifier) byFields(ev *event.Event) *provider {
	for i := range ev.Fields {
		f := &ev.Fields[i]
		switch f.Key {
		case event.Code, event.SubCode, event.Status, event.TransactionID:
		default:
			continue
		}
		if owner := c.owners.get(f.Name); owner != nil {
			return owner
		}
	}
	return nil
}

// findOwner returns the provider that alone has fields of that name, or nil.
func (c *Classifier) findOwner(name string) *provider {
	if strings.Contains(name, "alipay_") && strings.Contains(name, "_response.") {
		return c.known["alipay"]
	}
	name = clean(lastPart(name))
	for _, own := range ownFields {
		if name == own.name {
			return c.known[own.provider]
		}
	}
	return nil
}
