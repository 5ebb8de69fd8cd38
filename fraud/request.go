package fraud

import (
	"bytes"
	"hash/maphash"

	"gatewatch/event"
)

// payingWords are parts of the paths that payments are sent to.
var payingWords = [...][]byte{
	[]byte("pay"), []byte("charge"), []byte("checkout"), []byte("order"), []byte("authoriz"), []byte("card"), []byte("purchase"),
	[]byte("transaction"), []byte("donat"), []byte("intent"),
}

// request takes in one line of an access log. It knows the client's address and whether the payment was refused (402), or
// the request (400, 403, 422, 429); not whose card it was.
func (w *Watch) request(ev *event.Event) {
	address := ev.Fact(event.SourceIP)
	second := ev.Time.Unix()
	if len(address) == 0 || second > w.now().Unix()+early {
		return
	}
	refused := false
	switch ev.Status {
	case 402:
		refused = true
	case 400, 403, 422, 429:
		refused = string(ev.Fact(event.HTTPMethod)) == "POST" && paying(ev.Fact(event.URL))
	}
	service := ev.Fact(event.Service)
	if name := ev.Source.Labels["service"]; name != "" {
		service = []byte(name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	key := w.sources.key(byAddress, "", service, address)
	if s := w.sources.by[key]; s == nil && !refused || !refused && string(ev.Fact(event.HTTPMethod)) != "POST" {
		return
	}
	w.of(byAddress, "", service, address, &seen{
		second: second, refused: refused, nameless: true, card: maphash.Comparable(w.sources.seed, ev.Offset),
	})
}

// paying tells whether a URL is one that payments are sent to.
func paying(url []byte) bool {
	path, _, _ := bytes.Cut(url, []byte("?"))
	path = bytes.ToLower(path)
	for _, word := range payingWords {
		if bytes.Contains(path, word) {
			return true
		}
	}
	return false
}
