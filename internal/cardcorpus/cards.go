// Package cardcorpus makes texts that hide card numbers, and texts that look as if they did, to measure what a redactor
// finds. The same seed makes the same texts. Its issuer ranges are written down apart from the redactor's.
package cardcorpus

import (
	"math/rand/v2"
	"strings"
)

// Sample is a text and what is in it.
type Sample struct {
	Kind string // what kind of text it is
	Text string
	// Secret is what must not be left of the text: the card number as it stands there. Empty when there is none.
	Secret string
}

// TestCards returns the numbers that issuers and providers publish for tests.
func TestCards() []string {
	return strings.Fields(`4242424242424242 4000056655665556 4012888888881881 4111111111111111 4222222222222
		5555555555554444 5200828282828210 5105105105105100 2223003122003222
		378282246310005 371449635398431 378734493671000 370000000000002
		6011111111111117 6011000990139424 30569309025904 38520000023237 3530111333300000 3566002020360505
		6200000000000005 6205500000000000004`)
}

// ranges are beginnings of card numbers, with the lengths that are issued.
var ranges = [...]struct {
	low, high string
	lengths   []int
}{
	{"4", "4", []int{16, 16, 16, 13, 19}},                // Visa
	{"51", "55", []int{16}}, {"2221", "2720", []int{16}}, // Mastercard
	{"34", "34", []int{15}}, {"37", "37", []int{15}}, // American Express
	{"62", "62", []int{16, 17, 18, 19, 19}}, {"8110", "8171", []int{16, 19}}, // UnionPay
	{"3528", "3589", []int{16}},                                                 // JCB
	{"36", "36", []int{14}}, {"38", "38", []int{14}}, {"300", "305", []int{14}}, // Diners Club
	{"6011", "6011", []int{16}}, {"644", "649", []int{16}}, {"65", "65", []int{16}}, // Discover
	{"2200", "2204", []int{16}}, // Mir
}

// cardNumber draws a number that an issuer could have issued.
func cardNumber(rnd *rand.Rand) string {
	r := ranges[rnd.IntN(len(ranges))]
	n := r.lengths[rnd.IntN(len(r.lengths))]
	low, high := number(r.low), number(r.high)
	first := low + rnd.IntN(high-low+1)
	return withCheckDigit(decimal(first, len(r.low)) + digits(rnd, n-1-len(r.low)))
}

// withCheckDigit appends the digit that makes number pass the Luhn test.
func withCheckDigit(number string) string {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return number + string(rune('0'+(10-sum%10)%10))
}

// groups cuts a number as it is printed on the card.
func groups(card string) []string {
	if len(card) == 15 || len(card) == 14 {
		return []string{card[:4], card[4:10], card[10:]}
	}
	var g []string
	for ; len(card) > 4; card = card[4:] {
		g = append(g, card[:4])
	}
	return append(g, card)
}

func number(s string) (n int) {
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

func decimal(n, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b)
}

func digits(rnd *rand.Rand, n int) string { return drawn(rnd, "0123456789", n) }
func hexes(rnd *rand.Rand, n int) string  { return drawn(rnd, "0123456789abcdef", n) }

func drawn(rnd *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rnd.IntN(len(alphabet))]
	}
	return string(b)
}
