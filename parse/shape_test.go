package parse_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"gatewatch/event"
	"gatewatch/facts"
	"gatewatch/parse"
)

// FuzzShape reads a record with a Parser that knows the shape of another one, and with a new one: both must find the same.
func FuzzShape(f *testing.F) {
	record := `{"time":"2026-11-22T08:00:00.123Z","level":"info","amount":12.5,"status":"ok","http_status":200,"msg":"a=1"}`
	for _, other := range []string{
		record, "\xef\xbb\xbf" + record, record + " ", `{"time":"x","level":"info","amount":12.5e,"status":"ok"}`,
		`{"time":"x","level":"\u0041","amount":-0,"status":"系统","http_status":"200","msg":"a=%22"}`,
		`{"time":"2026-11-22T08:00:00.123Z","level":"info","amount":{"a":1,"a":2},"status":"` + "\x7f\xff" + `","http_status":[1],"msg":{}}`,
		`{"time":"2026-11-22T08:00:00.123Z","level":"info","amount":12.5,"status":"ok","http_status":200,"msg":"a=1","msg":"twice"}`,
		`{"time":null,"level":"INFO","amount":true,"status":"ok","http_status":20x,"msg":"cut`,
	} {
		f.Add([]byte(record), []byte(other))
		f.Add([]byte(other), []byte(record))
	}
	f.Add([]byte(`{ "a" : 1 , "b":"c" }`), []byte(`{ "a" : "b" , "b":2 }`))
	f.Add([]byte("{\"\xff\":1}"), []byte("{\"\xff\":2}"))
	names := newNames(f, nil, time.UTC)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		same(t, names, first, second)
		same(t, names, second, first, second)
		same(t, names, first, second, []byte(record), first, second)
	})
}

// same checks that the last of the records reads as it does alone, and that escaping its texts again changes nothing.
func same(t *testing.T, names *facts.Names, all ...[]byte) {
	t.Helper()
	knowing, fresh := read(t, names, all...), read(t, names, all[len(all)-1])
	if knowing.Malformed != fresh.Malformed || !bytes.Equal(knowing.Raw, fresh.Raw) || knowing.Plain != fresh.Plain ||
		len(knowing.Fields) != len(fresh.Fields) || len(fresh.Fields) > 0 && !reflect.DeepEqual(knowing.Fields, fresh.Fields) {
		t.Fatalf("last of %q:\n got %+v\nwant %+v", all, knowing, fresh)
	}
	want := string(event.AppendDocument(nil, fresh))
	if got := string(event.AppendDocument(nil, knowing)); got != want {
		t.Fatalf("document of the last of %q:\n got %s\nwant %s", all, got, want)
	}
	fresh.Plain = false
	if got := string(event.AppendDocument(nil, fresh)); got != want {
		t.Fatalf("document of %q escaped:\n got %s\nwant %s", all[len(all)-1], got, want)
	}
}

// read returns what a new Parser says of the last of the records.
func read(t *testing.T, names *facts.Names, all ...[]byte) *event.Event {
	t.Helper()
	p, err := parse.New("json")
	if err != nil {
		t.Fatal(err)
	}
	ev := &event.Event{}
	for _, raw := range all {
		ev.Reset()
		ev.Source = &event.Source{}
		ev.Raw = bytes.Clone(raw)
		p.Parse(ev)
		names.Assign(ev)
	}
	return ev
}
