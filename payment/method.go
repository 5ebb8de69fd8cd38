package payment

import "strings"

// methods lists what gateways call each method, cleaned.
var methods = map[string]string{
	"card": "card", "cards": "card", "creditcard": "card", "debitcard": "card", "credit": "card", "debit": "card", "bankcard": "card",
	"ssl": "card", "creditssl": "card", "debitssl": "card", "ecmcssl": "card", "scheme": "card", "quickpay": "card", "cardpresent": "card", "银行卡": "card", "信用卡": "card", "借记卡": "card", "快捷支付": "card",
	"wallet": "wallet", "wallets": "wallet", "ewallet": "wallet", "digitalwallet": "wallet", "balance": "wallet", "钱包": "wallet", "余额": "wallet",
	"qr": "qr", "qrcode": "qr", "native": "qr", "precreate": "qr", "scan": "qr", "c2b": "qr", "二维码": "qr", "扫码": "qr", "扫码支付": "qr",
	"bar": "barcode", "barcode": "barcode", "micropay": "barcode", "barcodepay": "barcode", "b2c": "barcode", "付款码": "barcode", "条码": "barcode", "刷卡支付": "barcode",
	"jsapi": "jsapi", "js": "jsapi", "公众号": "jsapi", "公众号支付": "jsapi",
	"lite": "mini_program", "mini": "mini_program", "miniprogram": "mini_program", "miniapp": "mini_program", "小程序": "mini_program", "小程序支付": "mini_program",
	"app": "app", "inapp": "app", "h5": "h5", "mweb": "h5", "wap": "h5", "web": "web", "pc": "web", "page": "web",
	"banktransfer": "bank_transfer", "transfer": "bank_transfer", "网银": "bank_transfer", "转账": "bank_transfer", "bankredirect": "bank_redirect", "bankdebit": "bank_debit",
	"sepadebit": "bank_debit", "directdebit": "bank_debit", "achdebit": "bank_debit", "ach": "bank_debit",
	"applepay": "apple_pay", "googlepay": "google_pay", "gpay": "google_pay", "samsungpay": "samsung_pay",
	"paylater": "pay_later", "bnpl": "pay_later", "voucher": "voucher", "giftcard": "gift_card", "cash": "cash", "crypto": "crypto",
}

// canonicalMethod returns the canonical method, or the log's own name in lower case. Of a way code such as WX_JSAPI it
// takes the part behind the provider.
func canonicalMethod(raw string) string {
	if m, ok := methods[clean(raw)]; ok {
		return m
	}
	if byPrefix(raw) != "" {
		if i := strings.IndexAny(raw, "_-."); i > 0 {
			rest := raw[i+1:]
			if m, ok := methods[clean(rest)]; ok {
				return m
			}
			return label(rest)
		}
	}
	return label(raw)
}
