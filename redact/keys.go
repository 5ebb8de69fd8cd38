package redact

import (
	"encoding/binary"
	"slices"
	"strings"
)

// The names that say what a value is, whatever it looks like. Case, _ and - do not matter: cardno is card_no, cardNo and
// CARD-NO. A name must be the whole key; the names in suffixes may also be its last word (user_password, appSecret).
var names = [...]struct {
	kind  kind
	names string
}{
	{pan, "pan pannumber panno fullpan clearpan cardpan dpan fpan primaryaccountnumber cardno cardnum cardnumber cardnbr " +
		"cardaccountnumber accno ccno ccnum ccnumber creditcardno creditcardnum creditcardnumber debitcardno " +
		"debitcardnumber bankcardno bankcardnum bankcardnumber 卡号 卡號"},
	{account, "accountno accountnum accountnumber acctno acctnum acctnumber bankaccountno bankaccountnumber 账号 账户 帳號"},
	{cvv, "cvv cvv2 cvc cvc2 cvn cvn2 csc cardcvv cardcvc cardcvn cardcode cardsecuritycode securitycode cardverificationcode " +
		"cardverificationvalue verificationvalue 安全码 安全碼"},
	{track, "trackdata track1 track2 track3 track1data track2data track3data track2equivalent track2equivalentdata " +
		"magstripe magstripedata magneticstripe 磁道 磁道信息 磁道数据"},
	{pin, "pin pinblock pindata pincodeblock encryptedpin encpin paypin cardpin"},
	{secret, "password passwd pwd passphrase passcode paypassword secret token accesstoken refreshtoken idtoken authtoken " +
		"apitoken sessiontoken bearertoken apikey privatekey secretkey clientsecret appsecret sharedsecret webhooksecret " +
		"secretaccesskey accesskeysecret credentials mchkey merchantkey apiv3key apiv2key partnerkey signkey signingkey " +
		"md5key aeskey deskey encryptkey encryptionkey rsaprivatekey 密码 密碼 口令 密钥 密鑰 私钥 令牌"},
	{authorization, "authorization proxyauthorization xauthorization"},
	{cookie, "cookie setcookie"},
}

// phoneNames are the names of phone numbers, for when they are to be redacted.
const phoneNames = "mobile mobileno mobilenumber mobilephone phone phoneno phonenumber phonenum telephone telno 手机 手机号 手机号码 电话 电话号码 手機號"

// identityNames are the names of identity numbers, for when they are to be redacted.
const identityNames = "idcard idcardno idcardnum idcardnumber idno idnumber identityno identitynumber identitycard certno certificateno " +
	"身份证 身份证号 身份证号码 身分證 证件号 证件号码"

// emailNames are the names of e-mail addresses, for when they are to be redacted.
const emailNames = "email emailaddress mailaddress 邮箱 邮箱地址 电子邮箱 电子邮件 電郵"

// personalSuffixes are those of these names that may be the last word of a longer key: receiverPhone, 收货人手机号.
var personalSuffixes = [...]string{
	"mobile", "mobileno", "mobilephone", "phone", "phoneno", "phonenumber", "手机", "手机号", "手机号码", "电话", "电话号码",
	"idcard", "idcardno", "idcardnumber", "identityno", "身份证", "身份证号", "身份证号码", "email", "emailaddress", "邮箱",
}

// suffixes are the names that may be the last word of a longer key. Chinese has no words to see, so its names are all
// here: 银行卡号, 支付密码.
var suffixes = [...]string{
	"password", "passwd", "pwd", "passphrase", "secret", "token", "apikey", "privatekey", "secretkey", "signkey",
	"cardno", "cardnum", "cardnumber", "pan", "cvv", "cvv2", "cvc", "cvc2", "cvn", "cvn2", "pinblock",
	"卡号", "卡號", "安全码", "安全碼", "密码", "密碼", "密钥", "密鑰", "私钥",
}

// parents are keys whose member "number" is a card's: card[number], card.number.
var parents = [...]string{"card", "creditcard", "bankcard", "debitcard", "sourcecard"}

const (
	minKey = 3
	maxKey = 48
)

// keyTable finds the kind of a key. Its ends answer for nearly every key of a record without reading it: they hold the
// last three bytes that a key of the table can have, five bits of each, which makes them blind to case.
type keyTable struct {
	kinds    map[string]kind
	suffixes [256][]string // by their last byte
	ends     [1 << 15 / 64]uint64
	// customers narrows ends down where only names of customers' numbers end so.
	customers customerEnds
}

func newKeyTable(cfg Config, c Customers) keyTable {
	t := keyTable{kinds: map[string]kind{}}
	for _, row := range names {
		for _, name := range strings.Fields(row.names) {
			t.add(name, row.kind)
		}
	}
	for _, name := range cfg.Keys {
		t.add(normalise(name), secret)
	}
	for _, row := range []struct {
		wanted bool
		kind   kind
		names  string
	}{{cfg.PhoneNumbers, phone, phoneNames}, {cfg.IdentityNumbers, identity, identityNames}, {cfg.EmailAddresses, email, emailNames}} {
		for _, name := range strings.Fields(row.names) {
			if row.wanted && t.kinds[name] == none {
				t.add(name, row.kind)
			}
		}
	}
	for _, suffix := range slices.Concat(suffixes[:], personalSuffixes[:]) {
		if t.kinds[suffix] != none {
			last := suffix[len(suffix)-1]
			t.suffixes[last] = append(t.suffixes[last], suffix)
		}
	}
	for _, parent := range parents {
		t.kinds[parent+".number"], t.kinds[parent+".no"] = pan, pan
	}
	// What stands between a key and its separator, other than ", is looked at closely.
	for _, e := range []string{"ber", "[no", ".no", "%22", "%27", "x22", "022", "027", "ot;", "34;", "%5d"} {
		t.addEnd(e)
	}
	// So are brackets and further backslashes.
	for i := uint64(0); i < 1<<10; i++ {
		for _, last := range []uint64{'\\' & 31, ']' & 31} {
			h := last<<10 | i
			t.ends[h/64] |= 1 << (h % 64)
		}
	}
	t.addCustomers(c)
	return t
}

func (t *keyTable) add(name string, k kind) {
	t.kinds[name] = k
	n := len(name)
	t.addEnd(name[n-3:])
	if strings.HasSuffix(name, "no") { // card_no
		t.addEnd("_no")
		t.addEnd("-no")
	}
	if isDigit(name[n-1]) { // track_2
		t.addEnd(name[n-2:n-1] + "_" + name[n-1:])
		t.addEnd(name[n-2:n-1] + "-" + name[n-1:])
	}
}

// endOf joins five bits of each of the lowest three bytes of key.
func endOf(key uint64) uint64 { return key&0x1f | key>>3&0x3e0 | key>>6&0x7c00 }

func (t *keyTable) addEnd(e string) {
	h := endOf(uint64(e[0]) | uint64(e[1])<<8 | uint64(e[2])<<16)
	t.ends[h/64] |= 1 << (h % 64)
}

// mayEnd tells whether the text before in[i] may end with a key of the table, perhaps between quotes. It errs towards
// yes.
func (t *keyTable) mayEnd(in []byte, i int) bool {
	if i < 7 {
		return i >= 3
	}
	w := binary.LittleEndian.Uint64(in[i-7:])
	if byte(w>>48) == '"' && byte(w>>40) == '\\' {
		if i < 8 {
			return true
		}
		const letters = 1<<48 - 1
		w = w&^letters | binary.LittleEndian.Uint64(in[i-8:])&letters // without the backslash
	}
	return t.mayEndBefore(w) && t.customers.mayEndBefore(w)
}

// mayEndBefore is mayEnd for the eight bytes of which the highest is in[i], as far as the last three bytes of the key tell.
// Of an escaped quote it always says yes.
func (t *keyTable) mayEndBefore(w uint64) bool {
	key := w >> 32
	if last := byte(w >> 48); last <= '\'' { // no end of a word
		if last != '"' {
			return true
		}
		key = w >> 24
	}
	h := endOf(key)
	return t.ends[h/64]>>(h%64)&1 == 1
}

// kind returns what the value of a key is: key as it stands in the record, and what it is a member of, if anything.
func (t *keyTable) kind(key, parent []byte) kind {
	if len(key) < 2 || len(key) > maxKey {
		return none
	}
	var buf [2*maxKey + 1]byte
	name := appendNormal(buf[:0], key)
	if k := t.kinds[string(name)]; k != none || len(name) == 0 {
		return k
	}
	for _, suffix := range t.suffixes[name[len(name)-1]] {
		if n := len(name) - len(suffix); n > 0 && string(name[n:]) == suffix && wordStarts(key, suffix) {
			return t.kinds[suffix]
		}
	}
	if len(parent) == 0 || len(parent) > maxKey {
		return none
	}
	name = append(appendNormal(buf[:0], parent), '.')
	return t.kinds[string(appendNormal(name, key))]
}

// wordStarts tells whether the last len(suffix) letters of key, without _ and -, begin a word of it.
func wordStarts(key []byte, suffix string) bool {
	if suffix[0] >= 0x80 {
		return true
	}
	i := len(key)
	for left := len(suffix); left > 0; {
		i--
		if key[i] != '_' && key[i] != '-' {
			left--
		}
	}
	before := key[i-1]
	return before == '_' || before == '-' || isUpper(key[i]) && !isUpper(before)
}

func appendNormal(dst, key []byte) []byte {
	for _, c := range key {
		switch {
		case c == '_' || c == '-':
		case isUpper(c):
			dst = append(dst, c|0x20)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func normalise(key string) string { return string(appendNormal(nil, []byte(key))) }

func isKeyByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '_' || c == '-' || c >= 0x80
}

// isLiteral tells whether a value without quotes says that there is none.
func isLiteral(value []byte) bool {
	return slices.Contains(literals[:], string(value))
}

var literals = [...]string{"null", "true", "false", "NULL", "None", "nil", "undefined", "True", "False", "none"}
