package event

// Key is a fact that Gatewatch knows the meaning of, wherever a log writes it.
type Key uint8

// The facts. Their names in documents are in keyNames, by ECS where ECS has one.
const (
	None Key = iota
	Timestamp
	Level
	Message
	TraceID
	Logger
	Thread
	Service
	SourceIP
	HTTPMethod
	HTTPStatus
	HTTPVersion
	URL
	BodyBytes
	Referrer
	UserAgent
	UserName
	Duration
	UpstreamDuration
	UpstreamAddress
	// UpstreamStatus is the HTTP status of each peer that was tried, in the order of UpstreamAddress.
	UpstreamStatus
	// UpstreamName is the group of peers.
	UpstreamName
	ErrorMessage
	ErrorStack

	Provider
	Method
	Operation
	Code
	SubCode
	// NetworkCode is the card scheme's own response code (ISO 8583 field 39), where Code is the provider's.
	NetworkCode
	// AdviceCode is Mastercard's merchant advice code, which says whether a declined card may be tried again.
	AdviceCode
	// DisputeEvent is the provider's own name for what happened to a disputed payment: charge.dispute.created.
	DisputeEvent
	// APIVersion is the version of the provider's API that was asked: v68, 2025-09-30.
	APIVersion
	// APIDeprecation and APISunset are the provider's headers Deprecation and Sunset, as they came.
	APIDeprecation
	APISunset
	Status
	Amount
	Currency
	OrderID
	TransactionID
	Attempt
	Merchant
	Card
	// CustomerKey is who pays, as a keyed hash: the same customer has the same key, and nobody can tell who that is.
	CustomerKey
	Country
	// Client is what the customer pays with: an app, a browser, a terminal.
	Client

	keyCount
)

var keyNames = [keyCount]string{
	Timestamp:        "@timestamp",
	Level:            "log.level",
	Message:          "message",
	TraceID:          "trace.id",
	Logger:           "log.logger",
	Thread:           "process.thread.name",
	Service:          "service.name",
	SourceIP:         "source.ip",
	HTTPMethod:       "http.request.method",
	HTTPStatus:       "http.response.status_code",
	HTTPVersion:      "http.version",
	URL:              "url.original",
	BodyBytes:        "http.response.body.bytes",
	Referrer:         "http.request.referrer",
	UserAgent:        "user_agent.original",
	UserName:         "user.name",
	Duration:         "event.duration",
	UpstreamDuration: "nginx.upstream.duration",
	UpstreamAddress:  "nginx.upstream.address",
	UpstreamStatus:   "nginx.upstream.status",
	UpstreamName:     "nginx.upstream.name",
	ErrorMessage:     "error.message",
	ErrorStack:       "error.stack_trace",
	Provider:         "payment.provider",
	Method:           "payment.method",
	Operation:        "payment.operation",
	Code:             "payment.code",
	SubCode:          "payment.sub_code",
	NetworkCode:      "payment.network_code",
	AdviceCode:       "payment.advice_code",
	DisputeEvent:     "payment.dispute_event",
	APIVersion:       "payment.api_version",
	APIDeprecation:   "payment.api_deprecation",
	APISunset:        "payment.api_sunset",
	Status:           "payment.status",
	Amount:           "payment.amount",
	Currency:         "payment.currency",
	OrderID:          "payment.order_id",
	TransactionID:    "payment.transaction_id",
	Attempt:          "payment.attempt",
	Merchant:         "payment.merchant",
	Card:             "payment.card",
	CustomerKey:      "payment.customer_key",
	Country:          "payment.country",
	Client:           "payment.client",
}

// String returns the fact's field name in documents: "payment.provider" for Provider.
func (k Key) String() string { return keyNames[k] }

// ParseKey returns the fact with that name. The payment facts may be written without "payment." (as the
// configuration's fields do: "provider", "order_id").
func ParseKey(name string) (Key, bool) {
	for k := Timestamp; k < keyCount; k++ {
		if keyNames[k] == name || keyNames[k] == "payment."+name {
			return k, true
		}
	}
	return None, false
}

// Keys returns all facts in the order in which documents have them.
func Keys() []Key {
	all := make([]Key, 0, keyCount-1)
	for k := Timestamp; k < keyCount; k++ {
		all = append(all, k)
	}
	return all
}
