package payment

import (
	"strings"

	"gatewatch/event"
)

// verdict is what a word about the state of a payment says.
type verdict struct {
	kind    verdictKind
	outcome event.Outcome // for said
	code    string        // for late: what the result code is when the provider gives none
}

// timeout is the result code of attempts whose answer did not come in time.
const timeout = "timeout"

type verdictKind uint8

const (
	silent verdictKind = iota // nothing
	said                      // the outcome
	failed                    // that it failed, not why
	begun                     // that a call begins
	late                      // that no answer came in time
)

// statusWords are the words that gateways and providers without a table use, cleaned.
var statusWords = [...]struct {
	verdict verdict
	words   string
}{
	{verdict{kind: said, outcome: event.Approved}, "ok success successful succeeded succeed paid approved approve captured completed complete authorized " +
		"authorised settled charged done tradesuccess tradefinished finished refunded partiallyrefunded requirescapture partiallycaptured charged partialcharged partialchargedandchargeable autorefunded " +
		"confirmsuccess 0000 000000 成功 支付成功 交易成功 已支付 退款成功 已退款 完成 已完成"},
	{verdict{kind: said, outcome: event.Pending}, "pending processing process inprogress waiting wait waitbuyerpay userpaying requiresaction requiresconfirmation " +
		"requirescustomeraction authenticationpending authenticationsuccessful authorizing captureinitiated voidinitiated codinitiated confirmationawaited devicedatacollectionpending " +
		"requiresmerchantaction unresolved submitted queued challenge redirect redirected paying notpay unpaid scheduled onhold review " +
		"处理中 支付中 待支付 未支付 等待支付 等待用户付款 已受理 退款中"},
	{verdict{kind: said, outcome: event.IssuerPolicy}, "declined decline refused refuse rejected reject denied notapproved carddeclined donothonor donothonour " +
		"softdecline harddecline instrumentdeclined authorizationdeclined routerdeclined genericdecline 拒绝 已拒绝 拒付"},
	{verdict{kind: said, outcome: event.Customer}, "cancelled canceled cancel closed usercancelled usercanceled usercancel customercancelled abandoned expired " +
		"voided tradeclosed revoked insufficientfunds nsf notenough balancenotenough expiredcard incorrectcvc invalidcvc cvvmismatch invalidpin " +
		"authenticationfailed incorrectpin 已取消 取消 用户取消 已关闭 关闭 已撤销 余额不足"},
	{verdict{kind: said, outcome: event.Fraud}, "fraud fraudulent suspectedfraud riskrejected riskdeclined blocked stolencard lostcard pickupcard highrisk " +
		"风控拒绝 风险拒绝 风控拦截"},
	{verdict{kind: said, outcome: event.Data}, "invalid invalidrequest badrequest validationerror invalidparameter paramerror 参数错误"},
	{verdict{kind: said, outcome: event.Duplicate}, "duplicate duplicated alreadypaid alreadyprocessed orderpaid duplicatetransaction 重复支付 重复提交 已支付过"},
	{verdict{kind: said, outcome: event.ProviderDown}, "providerdown systemerror internalerror internalservererror serviceunavailable unavailable issuerunavailable " +
		"issuernotavailable networkerror connectionrefused processingerror bankerror 系统异常 系统繁忙 系统错误"},
	{verdict{kind: said, outcome: event.UnknownOutcome}, "unknown unknownoutcome apireterror indeterminate uncertain 未知 状态未知"},
	{verdict{kind: said, outcome: event.MerchantConfig}, "unauthorized unauthorised forbidden signerror invalidsignature signatureerror authenticationerror " +
		"permissiondenied 签名错误 验签失败 无权限"},
	{verdict{kind: said, outcome: event.Throttled}, "throttled ratelimited ratelimit toomanyrequests ratelimitexceeded 频率限制 限流"},
	{verdict{kind: failed}, "failed fail failure error err exception unsuccessful ko fatal confirmfail syserror authorizationfailed capturefailed voidfailed 失败 支付失败 交易失败 异常"},
	{verdict{kind: begun}, "start started begin beginning request requesting send sending sent create created creating init initial initialized " +
		"initiated paymentmethodawaited new open opened received requirespaymentmethod 开始 请求 创建 已创建 初始化"},
	{verdict{kind: late, code: timeout}, "timeout timedout etimedout esockettimedout 超时"},
	{verdict{kind: late}, "econnreset econnaborted"},
}

// timeoutSigns are parts of texts that say that no answer came in time, and brokenSigns that the connection broke before
// one came: the call may have done its work.
var (
	timeoutSigns = [...]string{"timeout", "timed out", "time-out", "time out", "timedout", "超时", "deadline exceeded"}
	brokenSigns  = [...]string{"econnreset", "connection reset", "broken pipe", "premature close", "socket hang up", "unexpected eof"}
)

// deafSigns are parts of texts that say that the call never arrived.
var deafSigns = [...]string{
	"econnrefused", "connection refused", "connect timed out", "connection timed out: connect", "unknownhost", "enotfound", "no such host",
	"no route to host", "network is unreachable", "connecttimeout", "拒绝连接",
}

// statusTable returns the verdicts by cleaned word.
func statusTable() map[string]verdict {
	t := map[string]verdict{}
	for _, row := range statusWords {
		for _, word := range strings.Fields(row.words) {
			t[word] = row.verdict
		}
	}
	return t
}

// judge says what a status, or a code that no table knows, means by its words.
func judge(table map[string]verdict, raw string) verdict {
	if v, ok := table[clean(raw)]; ok {
		return v
	}
	return judgeText(raw)
}

// judgeText looks for signs of trouble on the way in a text such as an error message.
func judgeText(text string) verdict {
	text = strings.ToLower(text)
	for _, sign := range deafSigns {
		if strings.Contains(text, sign) {
			return verdict{kind: said, outcome: event.ProviderDown}
		}
	}
	for _, sign := range timeoutSigns {
		if strings.Contains(text, sign) {
			return verdict{kind: late, code: timeout}
		}
	}
	for _, sign := range brokenSigns {
		if strings.Contains(text, sign) {
			return verdict{kind: late}
		}
	}
	return verdict{}
}

// judgeHTTP says what an HTTP status means for a payment, which is little: a success code does not say that money moved.
func judgeHTTP(status int) verdict {
	switch {
	case status == 402:
		return verdict{kind: said, outcome: event.IssuerPolicy}
	case status == 401 || status == 403:
		return verdict{kind: said, outcome: event.MerchantConfig}
	case status == 408 || status == 504:
		return verdict{kind: late, code: timeout}
	case status == 409:
		return verdict{kind: said, outcome: event.Duplicate}
	case status == 429:
		return verdict{kind: said, outcome: event.Throttled}
	case status >= 500 && status <= 599:
		return verdict{kind: said, outcome: event.ProviderDown}
	case status >= 400 && status <= 499:
		return verdict{kind: said, outcome: event.Data}
	}
	return verdict{}
}
