package pipeline

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPayments reads what gateways write, without any configuration, and compares what is known of each payment.
func TestPayments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/payments/*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			for _, line := range classed(t, GroupConfig{Paths: []string{file}}, string(in)) {
				fmt.Fprintln(&got, line)
			}
			golden := strings.TrimSuffix(file, ".log") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%swant\n%s", got.String(), want)
			}
		})
	}
}

// classed returns a line for each record of in: outcome, provider, method, operation, code, amount, order and message.
func classed(t *testing.T, cfg GroupConfig, in string) []string {
	t.Helper()
	cfg.SetDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	if _, err := ReadAll(context.Background(), strings.NewReader(in), "x", cfg, testParts(t), func(ev *event.Event) {
		p := &ev.Payment
		amount := "-"
		if p.HasAmount {
			amount = fmt.Sprintf("%d %s", p.Amount, p.Currency)
		}
		message := strings.Join(strings.Fields(string(ev.Fact(event.Message))), " ")
		if runes := []rune(message); len(runes) > 40 {
			message = string(runes[:40])
		}
		outcome := "-"
		if p.Outcome != event.OutcomeNone {
			outcome = p.Outcome.String()
		}
		line := []string{outcome}
		for _, s := range []string{p.Provider, p.Method, p.Operation, p.Code} {
			if s == "" {
				s = "-"
			}
			line = append(line, s)
		}
		order := string(ev.Fact(event.OrderID))
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s | %s | %s | %s", strings.Join(line, " "), amount, order, message)))
	}); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestValues gives the words of a gateway their meaning.
func TestValues(t *testing.T) {
	t.Parallel()
	cfg := GroupConfig{
		Fields: map[string]string{"provider": "extra.route, chan", "status": "st", "operation": "do"},
		Values: map[string]map[string]string{
			"provider":  {"ZFB_H5": "alipay", "": "stripe"},
			"status":    {"2": "approved", "3": "failed", "4": "customer", "1": "none", "Waiting": "pending"},
			"operation": {"Q": "query"},
			"code":      {"E51": "insufficient_funds"},
		},
		Paths: []string{"x"},
	}
	f := func(line, want string) {
		t.Helper()
		got := classed(t, cfg, line+"\n")
		if len(got) != 1 || !strings.HasPrefix(got[0], want+" |") {
			t.Errorf("%s\ngot  %q\nwant %q", line, got, want)
		}
	}
	f(`{"chan":"ZFB_H5","st":2}`, "approved alipay - - -")
	f(`{"chan":"zfb_h5","st":"2"}`, "approved alipay - - -")
	f(`{"chan":"ZFB_H5","extra":{"route":"wxpay"},"st":2,"do":"Q"}`, "approved wechatpay - query -")
	f(`{"chan":"paypal","st":2}`, "approved paypal - - -")
	f(`{"chan":"ZFB_H5","st":3}`, "unclassed alipay - - -")
	f(`{"chan":"ZFB_H5","st":3,"error":"read timed out"}`, "unknown_outcome alipay - - timeout")
	f(`{"chan":"ZFB_H5","st":1}`, "- alipay - - -")
	f(`{"chan":"ZFB_H5","st":"WAITING"}`, "pending alipay - - -")
	f(`{"chan":"ZFB_H5","st":9}`, "- alipay - - -")
	f(`{"st":4,"code":"E51"}`, "customer stripe - - insufficient_funds")
	f(`{"st":4}`, "customer stripe - - -")
}

// TestValuesKeep shows that the document keeps what the log wrote beside its meaning.
func TestValuesKeep(t *testing.T) {
	t.Parallel()
	cfg := GroupConfig{Paths: []string{"x"}, Values: map[string]map[string]string{"status": {"2": "approved"}}}
	cfg.SetDefaults()
	var doc string
	line := `{"time":"2026-11-22T08:00:00Z","provider":"stripe","status":2}`
	if _, err := ReadAll(context.Background(), strings.NewReader(line+"\n"), "x", cfg, testParts(t), func(ev *event.Event) {
		doc = string(event.AppendDocument(nil, ev))
	}); err != nil {
		t.Fatal(err)
	}
	if want := `"payment.status":"approved","payment.outcome":"approved","event.outcome":"success","fields":{"status":2}}`; !strings.HasSuffix(doc, want) {
		t.Errorf("got %s, want it to end %s", doc, want)
	}
}

func TestFieldsMistakes(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{
		"a, ": "fields.provider: needs the name of a field", "": "fields.provider: needs the name",
		"a,b,c,d,e,f,g,h,i": "fields.provider: names 9 fields; 8 are the most",
	} {
		cfg := GroupConfig{Paths: []string{"x"}, Fields: map[string]string{"provider": names}}
		cfg.SetDefaults()
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Validate() with fields %q = %v, want %s…", names, err, want)
		}
	}
}

func TestValuesMistakes(t *testing.T) {
	t.Parallel()
	f := func(values map[string]map[string]string, want string) {
		t.Helper()
		cfg := GroupConfig{Paths: []string{"x"}, Values: values}
		cfg.SetDefaults()
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Validate() with %v = %v, want %s…", values, err, want)
		}
	}
	f(map[string]map[string]string{"order_id": {"a": "b"}}, "values.order_id: values of this cannot be given a meaning; those of provider,")
	f(map[string]map[string]string{"colour": {"a": "b"}}, "values.colour: values of this")
	f(map[string]map[string]string{"status": {"2": "paid"}}, "values.status.2: a status means an outcome class (approved,")
	f(map[string]map[string]string{"operation": {"A": "pay"}}, `values.operation.A: must be one of authorize, capture, `)
	f(map[string]map[string]string{"provider": {"A": "my pay"}}, `values.provider.A: must be a word of letters`)
	f(map[string]map[string]string{"code": {"": "x"}}, "values.code.: a record that does not say it")
}
