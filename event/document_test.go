package event

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAppendDocument(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 14, 9, 41, 203e6, time.FixedZone("CST", 8*3600))
	f := func(name string, set func(*Event), want string) {
		t.Helper()
		ev := &Event{}
		ev.Reset()
		ev.Time = at
		set(ev)
		got := string(AppendDocument(nil, ev))
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: not JSON: %s", name, got)
		}
	}
	f("empty", func(*Event) {}, `{"@timestamp":"2026-11-22T06:09:41.203Z"}`)
	f("malformed", func(e *Event) {
		e.Raw, e.Malformed = []byte("{\"a\":\xff\x00"), "json: cut off"
	}, `{"@timestamp":"2026-11-22T06:09:41.203Z","event.kind":"pipeline_error","error.message":"json: cut off","message":"{\"a\":`+"\uFFFD"+`\u0000"}`)
	f("payment", func(e *Event) {
		e.SetFact(Level, []byte("error"))
		e.SetFact(Provider, []byte("WX_NATIVE"))
		e.SetFact(Code, []byte("SYSTEM_ERROR"))
		e.Duration = 1230 * time.Millisecond
		e.Status = 200
		e.Payment = Payment{Provider: "wechatpay", Outcome: ProviderDown, Amount: 1999, HasAmount: true, Currency: "CNY"}
		e.Fields = []Field{
			{Key: Level, Name: []byte("level"), Value: []byte("error")},
			{Key: Provider, Name: []byte("way"), Value: []byte("WX_NATIVE")},
			{Key: Amount, Name: []byte("fee"), Value: []byte("1999"), Kind: Number},
			{Name: []byte("ext"), Value: []byte(`{"a":[1,2]}`), Kind: Object},
			{Name: []byte("a"), Value: []byte(`1`), Kind: Number, Derived: true},
			{Name: []byte("note"), Value: []byte(`a\"b`), Escaped: true},
			{Name: []byte("ok"), Value: []byte(`true`), Kind: Bool},
		}
	}, `{"@timestamp":"2026-11-22T06:09:41.203Z","log.level":"error","http.response.status_code":200,"event.duration":1230000000,`+
		`"payment.provider":"wechatpay","payment.code":"SYSTEM_ERROR","payment.amount":1999,"payment.currency":"CNY",`+
		`"payment.outcome":"provider_down","event.outcome":"failure","fields":{"way":"WX_NATIVE","ext":{"a":[1,2]},"note":"a\"b","ok":true}}`)
	f("fields of the schema", func(e *Event) {
		e.Fields = []Field{{Name: []byte("rest"), Value: []byte("x")}, {ECS: true, Name: []byte("process.pid"), Value: []byte("42"), Kind: Number}}
	}, `{"@timestamp":"2026-11-22T06:09:41.203Z","process.pid":42,"fields":{"rest":"x"}}`)
	f("unparsable numbers stay", func(e *Event) {
		e.SetFact(Attempt, []byte("second"))
		e.Fields = []Field{{Key: Attempt, Name: []byte("attempt"), Value: []byte("second")}, {Key: Amount, Name: []byte("amount"), Value: []byte("a lot")}}
	}, `{"@timestamp":"2026-11-22T06:09:41.203Z","fields":{"attempt":"second","amount":"a lot"}}`)
}

func TestReset(t *testing.T) {
	t.Parallel()
	ev := &Event{
		Source: &Source{}, Offset: 1, Time: time.Now(), Raw: []byte("x"), Fields: make([]Field, 3), Layout: &Layout{}, Plain: true, Malformed: "x",
		Duration: 1, Status: 200, Payment: Payment{Provider: "visa"},
	}
	for _, k := range Keys() {
		ev.SetFact(k, []byte("x"))
	}
	ev.Reset()
	if len(ev.Fields) != 0 {
		t.Errorf("Reset() leaves %d fields", len(ev.Fields))
	}
	for _, k := range Keys() {
		if value := ev.Fact(k); value != nil {
			t.Errorf("Reset() leaves %s: %q", k, value)
		}
	}
	ev.Fields = nil
	clear(ev.facts[:])
	if want := (&Event{Duration: -1}); !reflect.DeepEqual(ev, want) {
		t.Errorf("Reset() leaves %+v, want %+v", ev, want)
	}
}

func TestDocumentID(t *testing.T) {
	t.Parallel()
	a, b := &Source{ID: 1}, &Source{ID: 2}
	id := func(s *Source, offset int64) string { return string(s.AppendDocumentID(nil, offset)) }
	if got := id(a, 0); len(got) != DocumentIDLen {
		t.Errorf("len(%q) = %d, want %d", got, len(got), DocumentIDLen)
	}
	seen := map[string]bool{}
	last := ""
	for _, offset := range []int64{0, 1, 31, 32, 1 << 20, 1 << 33, 1<<40 - 1} {
		x, y := id(a, offset), id(b, offset)
		if seen[x] || seen[y] || x == y {
			t.Errorf("offset %d: id %q or %q came before", offset, x, y)
		}
		seen[x], seen[y] = true, true
		if x <= last {
			t.Errorf("id %q at %d does not sort after %q", x, offset, last)
		}
		last = x
		if !strings.HasPrefix(x, id(a, 0)[:13]) {
			t.Errorf("id %q does not share the file's prefix", x)
		}
	}
}

func FuzzAppendJSONString(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"b\\c\n\r\t\x00\x1f\x7f", "系统异常", "\xff\xfe", "half \xe7\xb3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		got := AppendJSONString(nil, s)
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("AppendJSONString(%q) = %s: %v", s, got, err)
		}
		if want := strings.ToValidUTF8(string(s), "\uFFFD"); strings.ReplaceAll(back, "\uFFFD", "") != strings.ReplaceAll(want, "\uFFFD", "") {
			t.Fatalf("AppendJSONString(%q) reads back as %q", s, back)
		}
	})
}
