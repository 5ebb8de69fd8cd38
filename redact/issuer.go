package redact

// issuer is a range of card numbers: those whose first four digits lie between low and high, with one of the lengths.
type issuer struct {
	name      string
	low, high int
	lengths   uint32
}

const (
	l13 uint32 = 1 << (13 + iota)
	l14
	l15
	l16
	l17
	l18
	l19
)

// minCard and maxCard bound the number of digits of a card number.
const (
	minCard = 13
	maxCard = 19
)

// issuers lists the ranges. Sources: ISO/IEC 7812 registrations as the schemes publish them. Mir allows up to 19 digits
// and issues 16; longer ones are left out because snowflake ids of 19 digits pass through 2200… in 2027.
var issuers = [...]issuer{
	{"Mir", 2200, 2204, l16},
	{"Mastercard", 2221, 2720, l16},
	{"Diners Club", 3000, 3059, l14},
	{"Diners Club", 3095, 3095, l14 | l16},
	{"American Express", 3400, 3499, l15},
	{"JCB", 3528, 3589, l16},
	{"Diners Club", 3600, 3699, l14},
	{"American Express", 3700, 3799, l15},
	{"Diners Club", 3800, 3999, l14 | l16},
	{"Visa", 4000, 4999, l13 | l16 | l19},
	{"Mastercard", 5100, 5599, l16},
	{"Discover", 6011, 6011, l16 | l19},
	{"UnionPay", 6200, 6299, l16 | l17 | l18 | l19},
	{"Discover", 6440, 6499, l16 | l19},
	{"Discover", 6500, 6599, l16 | l19},
	{"UnionPay", 8110, 8171, l16 | l17 | l18 | l19},
}

// maestro lists the ranges that Config.Maestro adds.
var maestro = [...]issuer{
	{"Maestro", 5018, 5018, l13 | l14 | l15 | l16 | l17 | l18 | l19},
	{"Maestro", 5020, 5020, l13 | l14 | l15 | l16 | l17 | l18 | l19},
	{"Maestro", 5038, 5038, l13 | l14 | l15 | l16 | l17 | l18 | l19},
	{"Maestro", 5893, 5893, l13 | l14 | l15 | l16 | l17 | l18 | l19},
	{"Maestro", 6304, 6304, l13 | l14 | l15 | l16 | l17 | l18 | l19},
	{"Maestro", 6759, 6763, l13 | l14 | l15 | l16 | l17 | l18 | l19},
}

// issued tells whether some issuer uses numbers of that length with those first four digits.
func issued(ranges []issuer, first, length int) bool {
	for i := range ranges {
		if first <= ranges[i].high {
			return first >= ranges[i].low && ranges[i].lengths>>length&1 == 1
		}
	}
	return false
}

// luhn tells whether the last of the digits is the right check digit (ISO/IEC 7812-1 annex B).
func luhn(digits []byte) bool {
	sum := 0
	double := false
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i])
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return sum%10 == 0
}
