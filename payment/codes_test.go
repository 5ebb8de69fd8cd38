package payment_test

import (
	"strings"
	"testing"

	"gatewatch/event"
)

// TestKnownCodes holds the classes of codes that everybody who runs a gateway knows.
func TestKnownCodes(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	f := func(provider string, want event.Outcome, codes string) {
		t.Helper()
		for code := range strings.FieldsSeq(codes) {
			ev := newEvent(t, facts{"provider": provider, "code": code})
			if c.Classify(ev); ev.Payment.Outcome != want {
				t.Errorf("%s %s = %v, want %v", provider, code, ev.Payment.Outcome, want)
			}
		}
	}
	f("alipay", event.ProviderDown, "20000 isp.unknow-error unknow-error")
	f("alipay", event.UnknownOutcome, "ACQ.SYSTEM_ERROR aop.ACQ.SYSTEM_ERROR AQC.SYSTEM_ERROR")
	f("alipay", event.MerchantConfig, "20001 40001 40002 40003 40006 isv.invalid-signature invalid-app-id missing-timestamp app-cert-expired")
	f("alipay", event.Throttled, "40005 isv.method-call-limited app-call-limited")
	f("alipay", event.Duplicate, "ACQ.TRADE_HAS_SUCCESS")
	f("alipay", event.Customer, "ACQ.BUYER_BALANCE_NOT_ENOUGH ACQ.PAYMENT_AUTH_CODE_INVALID PAYEE_NOT_EXIST")
	f("alipay", event.Pending, "10003")
	f("alipay", event.Approved, "10000")

	f("wechatpay", event.UnknownOutcome, "SYSTEM_ERROR SYSTEMERROR BANKERROR SEND_FAILED")
	f("wechatpay", event.ProviderDown, "BIZERR_NEED_RETRY BANK_ERROR")
	f("wechatpay", event.MerchantConfig, "SIGN_ERROR SIGNERROR NO_AUTH NOAUTH MCH_NOT_EXISTS APPID_MCHID_NOT_MATCH")
	f("wechatpay", event.Throttled, "FREQUENCY_LIMITED RATELIMIT_EXCEED 429")
	f("wechatpay", event.Pending, "USERPAYING WAIT_USER_CONFIRM")
	f("wechatpay", event.Customer, "NOTENOUGH AUTHCODEEXPIRE NAME_MISMATCH")
	f("wechatpay", event.Data, "PARAM_ERROR")
	f("wechatpay", event.Duplicate, "ORDERPAID OUT_TRADE_NO_USED")

	f("unionpay", event.UnknownOutcome, "01 03 04 05")
	f("unionpay", event.Duplicate, "12")
	f("unionpay", event.MerchantConfig, "11 31")
	f("unionpay", event.Customer, "64 65 73")
	f("unionpay", event.IssuerPolicy, "60")

	for _, scheme := range []string{"visa", "mastercard"} {
		f(scheme, event.Approved, "00 08 10 85 Y1 Y3")
		f(scheme, event.IssuerPolicy, "01 02 04 05 1A 57 61 62 65 93 Z1")
		f(scheme, event.Customer, "17 33 46 51 54 55 6P 75 N7 R0 R1 R3")
		f(scheme, event.Fraud, "07 34 41 43 59 63")
		f(scheme, event.Data, "12 13 14 15 30")
		f(scheme, event.MerchantConfig, "03 58 88")
		f(scheme, event.ProviderDown, "19 91 92 96")
		f(scheme, event.UnknownOutcome, "68")
		f(scheme, event.Duplicate, "94")
	}

	f("stripe", event.ProviderDown, "api_error issuer_not_available processing_error reenter_transaction try_again_later")
	f("stripe", event.MerchantConfig, "api_key_expired secret_key_required livemode_mismatch tls_version_unsupported")
	f("stripe", event.Throttled, "rate_limit lock_timeout")
	f("stripe", event.Customer, "insufficient_funds expired_card incorrect_cvc authentication_required")
	f("stripe", event.IssuerPolicy, "do_not_honor generic_decline card_declined")
	f("stripe", event.Fraud, "fraudulent stolen_card lost_card pickup_card")
	f("stripe", event.Duplicate, "duplicate_transaction idempotency_error")

	f("paypal", event.ProviderDown, "INTERNAL_SERVER_ERROR 5920 8100 PPER")
	f("paypal", event.MerchantConfig, "AUTHENTICATION_FAILURE NOT_AUTHORIZED PERMISSION_DENIED 1350 8020")
	f("paypal", event.IssuerPolicy, "INSTRUMENT_DECLINED 0500 5100")
	f("paypal", event.Pending, "PAYER_ACTION_REQUIRED")
	f("paypal", event.Duplicate, "ORDER_ALREADY_CAPTURED 5200")
	f("paypal", event.Customer, "5120 5400 5110 00N7 1330")
	f("paypal", event.Fraud, "9500 9520")
	f("paypal", event.Unclassed, "9600")

	f("adyen", event.ProviderDown, "4 9 39 903 Error")
	f("adyen", event.MerchantConfig, "21 010 901")
	f("adyen", event.IssuerPolicy, "2 3 10 Refused")
	f("adyen", event.Customer, "5 6 8 12 24")
	f("adyen", event.Fraud, "14 20 22 31")
	f("adyen", event.Pending, "RedirectShopper ChallengeShopper Received")
	f("adyen", event.Data, "7 101 137")

	f("worldpay", event.Approved, "0 AUTHORISED CAPTURED sentForRefund")
	f("worldpay", event.IssuerPolicy, "5 REFUSED 85")
	f("worldpay", event.Customer, "33 51 55 EXPIRED")
	f("worldpay", event.Fraud, "34 41 43")
	f("worldpay", event.ProviderDown, "20 91 ERROR")
	f("worldpay", event.UnknownOutcome, "68")
	f("worldpay", event.Pending, "SENT_FOR_AUTHORISATION")

	f("checkout", event.Approved, "10000 Authorized")
	f("checkout", event.IssuerPolicy, "20005 20057 20154 Declined")
	f("checkout", event.Customer, "20014 20051 20054 200N7 30033")
	f("checkout", event.Fraud, "20059 30041 40101 40204")
	f("checkout", event.ProviderDown, "20091 20096")
	f("checkout", event.UnknownOutcome, "20068")
	f("checkout", event.Duplicate, "20094")
}

// TestComparedCodes are rows that what the providers publish has shown to be read otherwise at first sight.
func TestComparedCodes(t *testing.T) {
	t.Parallel()
	c := newClassifier(t)
	f := func(provider, code string, want event.Outcome) {
		t.Helper()
		ev := newEvent(t, facts{"provider": provider, "code": code})
		if c.Classify(ev); ev.Payment.Outcome != want {
			t.Errorf("Classify(%s %s) = %v, want %v", provider, code, ev.Payment.Outcome, want)
		}
	}
	f("wechatpay", "ACCOUNT_ERROR", event.IssuerPolicy) // the customer's account
	f("wechatpay", "OPENID_MISMATCH", event.Data)
	f("adyen", "40", event.ProviderDown)
	f("adyen", "50", event.Customer)
	f("paypal", "PPRN", event.IssuerPolicy)
	f("paypal", "0800", event.UnknownOutcome)
	f("paypal", "AUTH_CAPTURE_NOT_ENABLED", event.MerchantConfig)
	f("paypal", "PAYEE_BLOCKED_TRANSACTION", event.Fraud)
	f("paypal", "ORDER_IS_PENDING_APPROVAL", event.Pending)
	f("paypal", "REFERENCED_CARD_EXPIRED", event.Customer)
	f("stripe", "testmode_decline", event.Data)
	f("stripe", "payment_method_microdeposit_verification_timeout", event.Customer)
	f("stripe", "payment_intent_rate_limit_exceeded", event.Throttled)
}
