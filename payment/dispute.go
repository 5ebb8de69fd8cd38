package payment

import "strings"

// disputed is what the name of a provider's event says about a disputed payment.
type disputed struct {
	// operation is chargeback for a first one, which the card schemes count, fraudReport, or dispute for all else.
	operation string
	// provider is whose name it is; "" when several have it.
	provider string
}

// disputeEvents are the names that providers document, cleaned. Of the events about one case only one is a chargeback: with Adyen
// that is the one by which the money is taken back, CHARGEBACK, and not the notice before it.
//
//	Stripe   https://docs.stripe.com/api/events/types
//	Adyen    https://docs.adyen.com/risk-management/disputes-api/dispute-notifications/
//	PayPal   https://developer.paypal.com/api/rest/webhooks/event-names/
//	Checkout https://www.checkout.com/docs/developer-resources/webhooks/webhook-event-types
var disputeEvents = map[string]disputed{
	"chargedisputecreated":                {chargeback, "stripe"},
	"chargedisputeupdated":                {dispute, "stripe"},
	"chargedisputeclosed":                 {dispute, "stripe"},
	"chargedisputefundswithdrawn":         {dispute, "stripe"},
	"chargedisputefundsreinstated":        {dispute, "stripe"},
	"radarearlyfraudwarningcreated":       {fraudReport, "stripe"},
	"radarearlyfraudwarningupdated":       {dispute, "stripe"},
	"chargeback":                          {chargeback, ""},
	"notificationofchargeback":            {dispute, "adyen"},
	"notificationoffraud":                 {fraudReport, "adyen"},
	"secondchargeback":                    {dispute, "adyen"},
	"chargebackreversed":                  {dispute, "adyen"},
	"prearbitrationwon":                   {dispute, "adyen"},
	"prearbitrationlost":                  {dispute, "adyen"},
	"disputedefenseperiodended":           {dispute, "adyen"},
	"issuerresponsetimeframeexpired":      {dispute, "adyen"},
	"customerdisputecreated":              {chargeback, "paypal"},
	"customerdisputeupdated":              {dispute, "paypal"},
	"customerdisputeresolved":             {dispute, "paypal"},
	"riskdisputecreated":                  {chargeback, "paypal"},
	"disputereceived":                     {chargeback, "checkout"},
	"disputeevidencerequired":             {dispute, "checkout"},
	"disputeevidencesubmitted":            {dispute, "checkout"},
	"disputeevidenceacknowledgedbyscheme": {dispute, "checkout"},
	"disputecanceled":                     {dispute, "checkout"},
	"disputeresolved":                     {dispute, "checkout"},
	"disputewon":                          {dispute, ""},
	"disputelost":                         {dispute, ""},
	"disputeaccepted":                     {dispute, ""},
	"disputeexpired":                      {dispute, ""},
	"disputecreated":                      {chargeback, ""},
	"disputeopened":                       {chargeback, ""},
}

// laterWords are parts of the names of events that come after a first chargeback, or of calls about it.
var laterWords = [...]string{
	"closed", "updated", "won", "lost", "resolved", "revers", "reinstat", "withdraw", "evidence", "expired", "accept", "defen", "cancel", "second",
	"arbitration", "represent", "submit", "query", "retrieve", "list", "search", "胜", "败", "撤",
}

// disputeEvent says what the name of an event means; the operation is "" when it is about no dispute.
func disputeEvent(raw string) disputed {
	name := clean(raw)
	if d, ok := disputeEvents[name]; ok {
		return d
	}
	switch {
	case strings.Contains(name, "fraudwarning"), strings.Contains(name, "noticeoffraud"), strings.Contains(name, "notificationoffraud"):
		return disputed{operation: fraudReport}
	case strings.Contains(name, "arbitration"):
		return disputed{operation: dispute}
	case !strings.Contains(name, "dispute") && !strings.Contains(name, "chargeback"):
		return disputed{}
	}
	for _, word := range laterWords {
		if strings.Contains(name, word) {
			return disputed{operation: dispute}
		}
	}
	return disputed{operation: chargeback}
}
