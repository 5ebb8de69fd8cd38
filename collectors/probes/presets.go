package probes

import (
	"slices"

	"gatewatch/collectors/collect"
)

// preset is what is known of a payment provider's public address.
type preset struct {
	name, provider, url string
}

// presets are the addresses that providers document for live payments. All of them answer a request without credentials,
// most with an error of the client (4xx): that proves DNS, TCP, TLS and HTTP. Only errors of the server are none.
func presets() []preset {
	return []preset{
		{"alipay", "alipay", "https://openapi.alipay.com/gateway.do"},
		{"wechatpay", "wechatpay", "https://api.mch.weixin.qq.com/v3/certificates"},
		{"wechatpay_disaster", "wechatpay", "https://api2.mch.weixin.qq.com/v3/certificates"},
		{"unionpay", "unionpay", "https://gateway.95516.com/"},
		{"stripe", "stripe", "https://api.stripe.com/v1/charges"},
		{"paypal", "paypal", "https://api-m.paypal.com/v2/checkout/orders"},
		{"adyen", "adyen", "https://pal-live.adyen.com/"},
		{"visa", "visa", "https://api.visa.com/vdp/helloworld"},
		{"mastercard", "mastercard", "https://api.mastercard.com/"},
	}
}

// presetStatus are the status codes that count as good in a preset.
func presetStatus() []string { return []string{"2xx", "3xx", "4xx"} }

func presetNamed(name string) (preset, bool) {
	all := presets()
	i := slices.IndexFunc(all, func(p preset) bool { return p.name == name })
	if i < 0 {
		return preset{}, false
	}
	return all[i], true
}

func presetNames() []string {
	var names []string
	for _, p := range presets() {
		names = append(names, p.name)
	}
	return names
}

// fill gives cfg what it leaves out.
func (p preset) fill(cfg *Config) {
	collect.SetDefault(&cfg.Name, p.name)
	collect.SetDefault(&cfg.Provider, p.provider)
	collect.SetDefault(&cfg.URL, p.url)
	if cfg.ExpectStatus == nil {
		cfg.ExpectStatus = presetStatus()
	}
}
