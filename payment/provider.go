package payment

import (
	"slices"
	"strings"
)

// Provider is a payment provider that Gatewatch knows by name.
type Provider struct {
	// Name is the canonical name, as in metrics and documents: "wechatpay".
	Name string
	// English and Chinese are display names: "WeChat Pay" and "微信支付".
	English, Chinese string
}

// Providers returns the known providers, ordered by name. Logs may name others; those keep their own names.
func Providers() []Provider {
	list := make([]Provider, len(providers))
	for i, p := range providers {
		list[i] = Provider{p.name, p.english, p.chinese}
	}
	slices.SortFunc(list, func(a, b Provider) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// providers lists what gateways call each provider: aliases without case, space, _ - and dots.
var providers = [...]struct{ name, english, chinese, aliases string }{
	{"alipay", "Alipay", "支付宝", "ali zfb alipaycn alipayhk alipayplus antom antgroup 支付宝 支付宝支付"},
	{"wechatpay", "WeChat Pay", "微信支付", "wx wxpay wechat weixin weixinpay tenpay wepay wechatpayv2 wechatpayv3 wxpayv2 wxpayv3 微信 微信支付 财付通"},
	{"unionpay", "UnionPay", "银联", "up upacp upop upay acp chinaunionpay chinapay cup yunshanfu ysf ysfpay quickpass cloudquickpass 银联 中国银联 云闪付 银联支付"},
	{"visa", "Visa", "Visa", "visanet vi"},
	{"mastercard", "Mastercard", "万事达", "mc mastercardpgs mpgs 万事达 万事达卡"},
	{"amex", "American Express", "美国运通", "americanexpress amx 运通 美国运通"},
	{"jcb", "JCB", "JCB", ""},
	{"discover", "Discover", "Discover", "discovercard"},
	{"diners", "Diners Club", "大来", "dinersclub"},
	{"stripe", "Stripe", "Stripe", "stripeconnect stripetest"},
	{"paypal", "PayPal", "PayPal", "pp ppcp paypalcheckout paypaltest 贝宝"},
	{"adyen", "Adyen", "Adyen", "adyenplatform adyentest"},
	{"worldpay", "Worldpay", "Worldpay", "worldpayxml worldpayvantiv vantiv"},
	{"checkout", "Checkout.com", "Checkout.com", "checkoutcom cko checkouttest"},
	{"braintree", "Braintree", "Braintree", "bt"},
	{"cybersource", "Cybersource", "Cybersource", "visaacceptance"},
	{"authorizedotnet", "Authorize.Net", "Authorize.Net", "authorizenet"},
	{"fiserv", "Fiserv", "Fiserv", "firstdata fiservcommercehub"},
	{"globalpayments", "Global Payments", "Global Payments", "globalpay"},
	{"nuvei", "Nuvei", "Nuvei", "safecharge"},
	{"airwallex", "Airwallex", "空中云汇", "awx 空中云汇"},
	{"square", "Square", "Square", "squareup"},
	{"klarna", "Klarna", "Klarna", ""},
	{"affirm", "Affirm", "Affirm", ""},
	{"afterpay", "Afterpay", "Afterpay", "clearpay afterpayclearpay"},
	{"mollie", "Mollie", "Mollie", ""},
	{"razorpay", "Razorpay", "Razorpay", ""},
	{"rapyd", "Rapyd", "Rapyd", ""},
	{"payu", "PayU", "PayU", ""},
	{"dlocal", "dLocal", "dLocal", ""},
	{"mercadopago", "Mercado Pago", "Mercado Pago", ""},
	{"applepay", "Apple Pay", "Apple Pay", ""},
	{"googlepay", "Google Pay", "Google Pay", "gpay"},
	{"jdpay", "JD Pay", "京东支付", "jd 京东 京东支付"},
	{"qqpay", "QQ Wallet", "QQ 钱包", "qq qqwallet qq钱包"},
	{"digitalyuan", "Digital yuan", "数字人民币", "ecny dcep 数字人民币"},
	{"lakala", "Lakala", "拉卡拉", "lkl lklspay 拉卡拉"},
	{"allinpay", "Allinpay", "通联支付", "通联 通联支付"},
	{"yeepay", "Yeepay", "易宝支付", "易宝 易宝支付"},
	{"sandpay", "Sandpay", "杉德", "杉德 杉德支付"},
	{"huifu", "Huifu", "汇付天下", "adapay dougong 汇付 汇付天下"},
	{"lianlian", "LianLian Pay", "连连支付", "lianlianpay llpay 连连 连连支付"},
	{"payermax", "PayerMax", "PayerMax", ""},
	{"octopus", "Octopus", "八达通", "八达通"},
	{"grabpay", "GrabPay", "GrabPay", "grab"},
	{"dummy", "Test provider", "测试渠道", "mock fauxpay phonypay pretendpay dummyconnector"},
}

// prefixes are how names of channels and payment ways begin whose rest says the product: WX_JSAPI, ALI_QR, UP_APP.
var prefixes = [...]struct{ prefix, name string }{
	{"wx", "wechatpay"}, {"wechat", "wechatpay"}, {"weixin", "wechatpay"}, {"微信", "wechatpay"},
	{"ali", "alipay"}, {"支付宝", "alipay"}, {"zfb", "alipay"},
	{"up", "unionpay"}, {"ysf", "unionpay"}, {"upacp", "unionpay"}, {"unionpay", "unionpay"}, {"银联", "unionpay"}, {"云闪付", "unionpay"},
	{"pp", "paypal"}, {"paypal", "paypal"}, {"qq", "qqpay"}, {"jd", "jdpay"},
	{"stripe", "stripe"}, {"adyen", "adyen"}, {"visa", "visa"}, {"mastercard", "mastercard"},
}

// suffixes are words that classes and services add to a provider's name: AlipayConnector, stripe-gateway.
var suffixes = [...]string{
	"connector", "gateway", "adapter", "provider", "processor", "channel", "client", "service", "payment", "payments",
	"official", "test", "sandbox",
}

func isProvider(name string) bool {
	for i := range providers {
		if providers[i].name == name {
			return true
		}
	}
	return false
}

// aliasTable returns the canonical name by every cleaned name.
func aliasTable() map[string]string {
	t := map[string]string{}
	for _, p := range providers {
		t[p.name] = p.name
		for _, alias := range strings.Fields(p.aliases) {
			t[alias] = p.name
		}
	}
	return t
}

// canonicalProvider returns the canonical name of what a log calls a provider: a known one, or the log's own name in
// lower case.
func canonicalProvider(aliases map[string]string, raw string) string {
	name := clean(raw)
	if known, ok := aliases[name]; ok {
		return known
	}
	for _, suffix := range suffixes {
		if short := strings.TrimSuffix(name, suffix); short != name {
			if known, ok := aliases[short]; ok {
				return known
			}
		}
	}
	if known := byPrefix(raw); known != "" {
		return known
	}
	return label(raw)
}

// byPrefix finds the provider in a code such as WX_JSAPI: a prefix, and then a separator or nothing.
func byPrefix(raw string) string {
	lower := strings.ToLower(strings.TrimSpace(raw))
	for _, p := range prefixes {
		rest, ok := strings.CutPrefix(lower, p.prefix)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], "_-. :/") || p.prefix[0] >= 0x80) {
			return p.name
		}
	}
	return ""
}

// clean takes case, space and separators out of a name.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r <= ' ' || r == '_' || r == '-' || r == '.' || r == '\'':
			return -1
		}
		return r
	}, name)
}

// maxLabel bounds names that come from logs.
const maxLabel = 40

// label makes a name from a log fit for a label: lower case, without spaces, of bounded length.
func label(name string) string {
	name = strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(name), ""))
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r == '"' || r == '\\' || r == 0x7F {
			return '_'
		}
		return r
	}, name)
	for len(name) > maxLabel {
		name = strings.ToValidUTF8(name[:maxLabel], "")
	}
	return name
}
