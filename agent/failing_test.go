package main

import "testing"

func TestFailure(t *testing.T) {
	t.Parallel()
	f := func(document, wantCode, want string) {
		t.Helper()
		if code, got := failure([]byte(document)); code != wantCode || got != want {
			t.Errorf("failure(%s) = %q, %q, want %q, %q", document, code, got, wantCode, want)
		}
	}
	f(`{"message":"系统异常","payment.code":"SYSTEM_ERROR","payment.outcome":"provider_down","url.path":"/v3/pay","event.duration":10000400000,"payment.order_id":"O1"}`,
		"SYSTEM_ERROR", "SYSTEM_ERROR · /v3/pay · 10s · 系统异常")
	f(`{"message":"m","error.message":"time-out","payment.outcome":"unknown_outcome","fields":{"a":[1]}}`, "unknown_outcome", "unknown_outcome · time-out")
	f(`{"message":"m","payment.code":"68","url.original":"/pay/refund?order=1&user=bo","url.path":""}`, "68", "68 · /pay/refund · m")
	f(`{"message":"m","payment.code":"68","url.original":"https://bo:pw@pay.example/v3/pay?order=1#x"}`, "68", "68 · /v3/pay · m")
	f(`{"message":"m","payment.code":"68","url.original":"/100%/pay?order=1"}`, "68", "68 · /100%/pay · m")
	f(`{"message":"m","payment.code":"68","url.original":"https://bo:pw@pay.example/100%/pay"}`, "68", "68 · m")
	f(`{"message":"m","payment.code":"68","url.original":"/v1?a","url.path":"/v3/pay"}`, "68", "68 · /v3/pay · m")
	f(`{}`, "", "")
	f(`{"message":1}`, "", "")
}
