package fraud

// wrong are the codes by which providers say that details of a card are wrong, it has expired, or was reported lost or
// stolen: what cards that are tried out end with. In the spelling of payment/outcomes.yml, which has a source for each.
var wrong = map[string]map[string]bool{
	"stripe": set("incorrect_cvc", "invalid_cvc", "incorrect_number", "invalid_number", "invalid_expiry_month", "invalid_expiry_year",
		"expired_card", "incorrect_zip", "incorrect_address", "lost_card", "stolen_card", "pickup_card"),
	"adyen": set("6", "8", "24", "101", "103"),
	"paypal": set("CARD_EXPIRED", "INVALID_SECURITY_CODE_LENGTH", "INVALID_CARD_NUMBER", "INVALID_EXPIRATION_DATE", "INVALID_EXPIRY_DATE",
		"5400", "5110", "00N7", "5180", "9520", "1380", "1382", "PPEX", "PPEF", "PCVV", "PPC2"),
	"worldpay": set("14", "15", "33", "38", "41", "43", "54", "56", "75"),
	"checkout": set("20014", "20054", "20087", "20100", "20124", "200N7", "30015", "30033", "30041", "30043"),
	"unionpay": set("61", "65", "73"),
}

// wrongNetwork are the same of the card schemes (ISO 8583, field 39), for all others.
var wrongNetwork = set("14", "15", "33", "41", "43", "54", "82", "N7")

func set(codes ...string) map[string]bool {
	m := make(map[string]bool, len(codes))
	for _, c := range codes {
		m[c] = true
	}
	return m
}

// wrongDetails tells whether the code says that details of the card are wrong.
func wrongDetails(provider, code string) bool {
	if code == "" {
		return false
	}
	if codes := wrong[provider]; codes != nil {
		return codes[code]
	}
	return wrongNetwork[code]
}
