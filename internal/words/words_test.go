package words_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"gatewatch/internal/words"
)

func TestMap(t *testing.T) {
	t.Parallel()
	m := &words.Map[int]{}
	if v, ok := words.Get(m, ""); ok {
		t.Errorf("Get of an empty map = %d, true", v)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	want := map[string]int{}
	for i := range 500 {
		word := fmt.Sprintf("%0*d", 1+i%40, rng.IntN(300))
		if i == 7 {
			word = ""
		}
		want[word] = i
		before := m.Len()
		grown := m.With(word, i)
		if m.Len() != before {
			t.Fatalf("With(%q) changes the map", word)
		}
		m = grown
	}
	if m.Len() != len(want) {
		t.Errorf("Len() = %d, want %d", m.Len(), len(want))
	}
	for word, value := range want {
		if got, ok := words.Get(m, word); got != value || !ok {
			t.Errorf("Get(%q) = %d, %v, want %d", word, got, ok, value)
		}
		if got, ok := words.Get(m, []byte(word)); got != value || !ok {
			t.Errorf("Get of the bytes %q = %d, %v, want %d", word, got, ok, value)
		}
		if got, ok := words.Get(m, word+"x"); ok {
			t.Errorf("Get(%q) = %d, want none", word+"x", got)
		}
	}
	if got := maps.Collect(m.All()); !maps.Equal(got, want) {
		t.Errorf("All() = %v, want %v", got, want)
	}
	for word := range want {
		before := m.Len()
		less := m.Without(word)
		if _, ok := words.Get(less, word); ok || m.Len() != before || less.Len() != before-1 {
			t.Fatalf("Without(%q) holds it, changes the map of %d, or has %d words", word, before, less.Len())
		}
		m = less
		delete(want, word)
		if len(want)%50 == 0 && !maps.Equal(maps.Collect(m.All()), want) {
			t.Fatalf("without some All() = %v, want %v", maps.Collect(m.All()), want)
		}
	}
	if less := m.Without("nothing"); less.Len() != 0 {
		t.Errorf("an empty map without a word has %d", less.Len())
	}
}

func BenchmarkGet(b *testing.B) {
	names := []string{"stripe", "adyen", "alipay", "wechatpay", "unionpay", "paypal", "worldpay", "checkout", "bank_transfer", "ok"}
	m, built := &words.Map[int]{}, map[string]int{}
	var texts [][]byte
	for i, name := range names {
		m = m.With(name, i)
		built[name] = i
		texts = append(texts, []byte(name))
	}
	b.Run("words", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			words.Get(m, texts[i%len(texts)])
		}
	})
	b.Run("map", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_ = built[string(texts[i%len(texts)])]
		}
	})
}
