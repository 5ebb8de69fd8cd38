package payment

import "strings"

// speaker is what the name of a logger says: which provider its class talks to, and about what.
type speaker struct {
	provider  *provider
	operation string
}

// classPrefixes are how the names of classes for one provider begin. Only names that mean nothing else are here:
// CheckoutService is every shop's.
var classPrefixes = [...]struct{ prefix, name string }{
	{"wxpay", "wechatpay"}, {"wechatpay", "wechatpay"}, {"weixinpay", "wechatpay"}, {"alipay", "alipay"},
	{"ysfpay", "unionpay"}, {"unionpay", "unionpay"}, {"paypal", "paypal"}, {"stripe", "stripe"}, {"adyen", "adyen"},
}

// findSpeaker reads the class in a logger's name: c.j.p.channel.wxpay.WxpayPaymentService pays with WeChat Pay,
// AlipayRefundService refunds with Alipay.
func (c *Classifier) findSpeaker(logger string) speaker {
	class := logger[strings.LastIndexAny(logger, "./$")+1:]
	for _, p := range classPrefixes {
		n := len(p.prefix)
		// Another word begins behind the provider's.
		if len(class) <= n || !strings.EqualFold(class[:n], p.prefix) || class[n] < 'A' || class[n] > 'Z' {
			continue
		}
		s := speaker{provider: c.known[p.name], operation: canonicalOperation(class[n:])}
		switch rest := class[n:]; {
		case strings.Contains(rest, "Notice"):
			s.operation = callback
		case strings.Contains(rest, "Plugin"), strings.Contains(rest, "Provider"):
			s.operation = "" // one class for all operations
		}
		return s
	}
	return speaker{}
}
