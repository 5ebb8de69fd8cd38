package redact

import "bytes"

// Numbers of orders and messages pass for card numbers by chance, one of thirty of those with sixteen digits. A name
// before them that says what they are counts more: joining the events of an order depends on them.

// orderNames are the names, or the ends of names, of such numbers.
var orderNames = [...]string{
	"order", "orderid", "orderno", "ordernumber", "ordersn", "tradeno", "tradeid", "tradenumber", "transactionid", "transactionno",
	"transid", "txnid", "txnno", "traceid", "traceno", "spanid", "requestid", "requestno", "reqid", "msgid", "messageid",
	"refundid", "refundno", "batchno", "serialno", "queryid", "eventid", "timestamp", "订单", "订单号", "流水号", "交易号", "單號",
}

// isOrder tells whether the number at in[from] is the value of one of those names.
func (s *scan) isOrder(from int) bool {
	end := spacesBefore(s.in, from)
	if q, ok := quoteBefore(s.in, end); ok {
		end = spacesBefore(s.in, end-len(q.text))
	}
	before := s.in[:end]
	for _, sign := range orderSigns {
		if !bytes.HasSuffix(before, sign) {
			continue
		}
		k := s.keyBefore(end - len(sign))
		if k.end-k.start > maxKey {
			return false
		}
		var buf [maxKey]byte
		return isOrderName(appendNormal(buf[:0], s.in[k.start:k.end]))
	}
	return false
}

func isOrderName(name []byte) bool {
	if len(name) == 0 {
		return false
	}
	last := name[len(name)-1]
	for _, order := range orderNames {
		if order[len(order)-1] == last && bytes.HasSuffix(name, []byte(order)) {
			return true
		}
	}
	return false
}

var orderSigns = [...][]byte{
	[]byte(":"), []byte("="), []byte(">"), []byte("："), []byte("＝"), []byte("%3D"), []byte("%3A"),
}
