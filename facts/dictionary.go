package facts

import "gatewatch/event"

// meaning lists the field names that say a fact, the most specific first: when a record has several, the first in
// this order that has a usable value wins. Names are compared without case, "_" and "-": out_trade_no stands for
// outTradeNo too.
type meaning struct {
	fact event.Key
	// anywhere are names that mean the fact wherever they stand: at the top, in a message, in any nested object. A
	// name with dots is that member of that object, at any depth.
	anywhere string
	// envelope are names that in a nested object mean it only when the object is an envelope ("response.code", not
	// "address.state").
	envelope string
	// top are names that mean it only at the top of a record, not in nested objects or messages.
	top string
	// also are names that mean this fact beside another one, for which they come first: WX_NATIVE is a method and
	// tells the provider. They stand as envelope names do.
	also string
}

// dictionary is what gateways call the facts. The names that documents use (log.level, payment.provider …) come
// before all of these. A name of several facts means the first in this table whose values look like it: a status of
// three digits is HTTP's, a method GET too.
var dictionary = []meaning{
	// What every log says.
	{fact: event.Timestamp, top: "timestamp time @t ts t datetime log_time event_time asctime time_iso8601 time_local msec date " +
		"instant.epoch_milli_second"},
	{fact: event.Level, top: "level severity severity_text log_level loglevel levelname lvl @l priority"},
	{fact: event.Message, top: "msg body @m @mt text log event_message short_message"},
	{fact: event.TraceID,
		anywhere: "trace_id x_trace_id x_b3_trace_id dd.trace_id request_id x_request_id correlation_id req_id req.id " +
			"request.id rid",
		envelope: "tid"},
	{fact: event.Logger, top: "logger logger_name category target module caller"},
	{fact: event.Thread, top: "thread thread_name"},
	{fact: event.Service, top: "service service_name app application app_name application_name svc"},
	{fact: event.UserName, anywhere: "user_name username remote_user"},
	{fact: event.ErrorMessage,
		anywhere: "err_code_des err_msg error_msg error_message channel_err_msg sub_msg failure_message " +
			"failure_reason refusal_reason decline_reason error_description err.message error.message exception.message",
		top: "err error exception cause"},
	{fact: event.ErrorStack,
		anywhere: "stack_trace error_stack exception_stacktrace err.stack error.stack exception.stacktrace",
		envelope: "stack", top: "exc_info"},

	// What web servers and clients say.
	{fact: event.SourceIP,
		anywhere: "client_ip remote_addr remote_address remote_ip client_addr x_real_ip real_ip user_ip " +
			"spbill_create_ip payer_client_ip",
		envelope: "ip"},
	{fact: event.HTTPMethod, anywhere: "http_method request_method req.method request.method", envelope: "method verb"},
	{fact: event.HTTPStatus,
		anywhere: "http_status http_status_code http_code http_response_code status_code response_status " +
			"res.status_code res.status response.status",
		envelope: "status"},
	{fact: event.HTTPVersion, anywhere: "http_version server_protocol"},
	{fact: event.URL,
		anywhere: "request_uri request_url request_url_path request_path http_url req.url request.url",
		envelope: "url uri path endpoint"},
	{fact: event.BodyBytes, anywhere: "body_bytes_sent bytes_sent response_size response_bytes", top: "bytes size"},
	{fact: event.Referrer, anywhere: "http_referer referer referrer"},
	{fact: event.UserAgent, anywhere: "http_user_agent user_agent req.headers.user-agent"},
	{fact: event.UpstreamDuration, anywhere: "upstream_response_time"},
	{fact: event.UpstreamAddress, anywhere: "upstream_addr"},
	{fact: event.UpstreamStatus, anywhere: "upstream_status"},
	{fact: event.UpstreamName, anywhere: "proxy_host proxy_upstream_name upstream_name"},

	// What gateways say about a payment.
	{fact: event.Provider,
		anywhere: "payment_provider provider_name provider_code psp psp_name connector connector_name payment_gateway " +
			"gateway_name payment_processor processor acquirer acquirer_name pay_channel channel_code channel_name " +
			"pay_platform pay_company if_code interface_code 支付渠道 渠道编码 通道编码",
		envelope: "provider gateway channel 渠道 通道 card_scheme card_brand network scheme brand",
		also:     "way_code pay_way pay_type"},
	// Before the operation, which other events are.
	{fact: event.DisputeEvent, envelope: "event_type event_code event_name webhook_type notification_type topic event action type"},
	{fact: event.Method,
		anywhere: "payment_method payment_method_type pay_method payment_type trade_type payment_product " +
			"payment_instrument way_code pay_way pay_type 支付方式",
		envelope: "method"},
	{fact: event.Operation,
		anywhere: "payment_operation operation_type transaction_type txn_type trans_type api_flow operation",
		envelope: "flow action event event_type event_name op api api_name api_method method"},
	{fact: event.Code,
		anywhere: "decline_code refusal_reason_code err_code error_code channel_err_code provider_error_code " +
			"provider_response_code gateway_error_code gateway_code iso8583_return_code acquirer_code issuer_response_code resp_code " +
			"response_code 错误代码 错误码 返回码 响应码",
		// What Stripe's errors say beside their codes comes last.
		envelope: "code ret_code reason_code issue result_code 结果代码 raw_type body.error.type response.error.type data.error.type"},
	{fact: event.SubCode, anywhere: "sub_code sub_err_code sub_error_code"},
	// Stripe's network_decline_code, Adyen's refusalReasonRaw, Checkout.com's and Worldpay's raw codes.
	{fact: event.NetworkCode,
		anywhere: "network_decline_code network_response_code scheme_response_code raw_response_code refusal_reason_raw raw_code"},
	{fact: event.AdviceCode, anywhere: "merchant_advice_code network_advice_code partner_merchant_advice_code"},
	{fact: event.APIVersion,
		anywhere: "provider_api_version channel_api_version psp_api_version stripe_version square_version headers.stripe_version headers.square_version"},
	// nginx's variables of what an upstream answered, and the headers of an answer as HTTP clients log them.
	{fact: event.APIDeprecation, anywhere: "upstream_http_deprecation headers.deprecation"},
	{fact: event.APISunset, anywhere: "upstream_http_sunset headers.sunset"},
	{fact: event.Status,
		anywhere: "trade_state trade_status payment_status payment_state pay_status order_status order_state " +
			"transaction_status transaction_state txn_status refund_status channel_state result_status attempt_status " +
			"intent_status last_event 订单状态 支付状态 交易状态",
		envelope: "status state result outcome parse_state 状态",
		// WeChat's return_code only says that the two have understood each other.
		also: "result_code 结果代码 return_code 返回代码"},
	{fact: event.Amount,
		anywhere: "total_amount total_fee txn_amt txn_amount order_amount order_amt pay_amount pay_amt payment_amount " +
			"trans_amt trans_amount trade_amount transaction_amount refund_amount refund_fee amount_minor amount_cents " +
			"amount.total amount.value amount.refund dispute_amount.value object.amount 订单金额 支付金额",
		envelope: "amount amt money 金额"},
	{fact: event.Currency,
		anywhere: "currency currency_code fee_type cur_code ccy amount_currency amount.currency amount.currency_code 币种"},
	{fact: event.OrderID,
		anywhere: "out_trade_no merchant_order_id merchant_order_no mch_order_no order_id order_no order_number " +
			"order_sn merchant_reference merchant_reference_id merchant_trans_id payment_id pay_order_id payment_intent payment_intent_id " +
			"intent_id invoice_id out_refund_no 订单号 商户订单号 支付订单号"},
	{fact: event.TransactionID,
		anywhere: "transaction_id transaction_no psp_reference trade_no query_id txn_id txn_no charge_id " +
			"provider_transaction_id provider_reference connector_transaction_id channel_order_id channel_order_no " +
			"channel_trade_no capture_id refund_id dispute_id case_id 流水号 交易流水号 微信订单号 支付宝交易号"},
	{fact: event.Attempt,
		anywhere: "attempt attempt_no attempt_number attempt_count retry_attempt retry_count retry_times retries",
		envelope: "retry tries"},
	{fact: event.Merchant,
		anywhere: "merchant_id merchant_no merchant_code merchant_account_code mch_id mch_no mch_code mer_id mer_no merchant_account " +
			"merchant_name merchant sub_mch_id seller_id 商户号"},
	{fact: event.Card,
		anywhere: "masked_card masked_pan card_mask card_number card_no pan acc_no card_last4 last4 卡号",
		envelope: "card"},
	{fact: event.CustomerKey,
		anywhere: "customer_id customer_no customer_ref customer_reference cust_id cust_no user_id user_no buyer_id buyer_user_id " +
			"buyer_open_id open_id sub_open_id payer_id payer.payer_id payer.open_id shopper_reference member_id member_no account_ref " +
			"customer.id 用户编号 用户号 会员号",
		envelope: "customer uid"},
	{fact: event.Country,
		anywhere: "country_code card_country issuer_country billing_country buyer_country shopper_country country_iso_code",
		envelope: "country"},
	{fact: event.Client,
		anywhere: "client_type client_name terminal_type device_type client_platform client_source sales_channel shopper_interaction",
		envelope: "client terminal"},
}

// durationNames are the names of how long the call took, the most specific first. Each also stands with the unit
// behind it (latency_ms, costMillis).
const durationNames = "provider_latency external_latency connector_latency upstream_latency latency duration cost cost_time " +
	"elapsed elapsed_time response_time request_time took time_cost time_taken time_used use_time used_time " +
	"process_time processing_time handle_time execution_time exec_time spend_time consume_time total_time rt 耗时 用时"

// envelopes are the names of objects that wrap what belongs to the record as a whole.
const envelopes = "res req response request result data body payload extra context ctx fields meta metadata labels params " +
	"payment charge order transaction txn trade refund err error errors exception event detail details notify resource " +
	"attributes content message msg record properties args biz_content"

// envelopeEnds are the ends of names that are envelopes too (alipay_trade_pay_response, resJSON).
var envelopeEnds = []string{"response", "request", "result", "data", "body", "info", "json", "params", "content"}
