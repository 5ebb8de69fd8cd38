// Command cards measures how well redaction finds card numbers: how many of those hidden in made-up texts it finds, and
// how many ids and ordinary lines it takes for cards.
//
//	go run ./bench/cards
//	go run ./bench/cards -logs /var/log      and the lines of the files in a folder, which should hold none
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"gatewatch/internal/cardcorpus"
	"gatewatch/redact"
)

func main() {
	seed := flag.Uint64("seed", 1, "of the made-up texts")
	n := flag.Int("n", 200_000, "how many texts of each sort to make")
	show := flag.Int("show", 0, "print so many of the texts that go wrong, of each sort")
	logs := flag.String("logs", "", "folder with log files that hold no cards")
	flag.Parse()
	t := &table{redactor: redact.New(redact.DefaultConfig(), prometheus.NewRegistry()), show: *show}
	fmt.Printf("%-36s %10s %8s\n", "", "texts", "wrong")
	t.missed("test cards in every form and place", testCards())
	t.missed("cards", cardcorpus.Cards(*seed, *n))
	t.flagged("ids", cardcorpus.Ids(*seed, *n))
	t.flagged("ordinary lines", cardcorpus.Lines(*seed, *n))
	if *logs != "" {
		if err := t.folder(*logs); err != nil {
			fmt.Fprintln(os.Stderr, "cards:", err)
			os.Exit(1)
		}
	}
	if t.bad {
		fmt.Println("\nA goal is missed: all test cards, 99.9 % of the cards, one id in 10,000, one line in 50,000.")
		os.Exit(1)
	}
}

func testCards() []cardcorpus.Sample {
	var all []cardcorpus.Sample
	for _, card := range cardcorpus.TestCards() {
		for _, written := range cardcorpus.Written(card) {
			all = append(all, cardcorpus.In(written)...)
		}
	}
	return all
}

// table prints a row for each sort of texts, and one below for each kind of them with errors.
type table struct {
	redactor *redact.Redactor
	show     int
	bad      bool
}

// missed counts the texts whose card number is still there.
func (t *table) missed(name string, samples []cardcorpus.Sample) {
	most := len(samples) / 1000
	if name != "cards" {
		most = 0
	}
	t.row(name, most, samples, func(s cardcorpus.Sample) bool {
		return bytes.Contains(t.redactor.Redact(nil, []byte(s.Text)), []byte(s.Secret))
	})
}

// flagged counts the texts that card data was taken out of.
func (t *table) flagged(name string, samples []cardcorpus.Sample) {
	most := len(samples) / 10_000
	if name != "ids" {
		most = len(samples) / 50_000
	}
	t.row(name, most, samples, func(s cardcorpus.Sample) bool {
		_, cardData := t.redactor.RedactCounting(nil, []byte(s.Text))
		return cardData > 0
	})
}

func (t *table) row(name string, most int, samples []cardcorpus.Sample, wrong func(cardcorpus.Sample) bool) {
	count, kinds := 0, map[string]int{}
	var shown []string
	for _, s := range samples {
		if wrong(s) {
			count++
			kinds[s.Kind]++
			if len(shown) < t.show {
				shown = append(shown, s.Text)
			}
		}
	}
	verdict := "ok"
	if count > most {
		verdict, t.bad = fmt.Sprintf("more than %d", most), true
	}
	fmt.Printf("%-36s %10d %8d  %8.4f %%  %s\n", name, len(samples), count, 100*float64(count)/float64(max(len(samples), 1)), verdict)
	for kind, n := range kinds {
		fmt.Printf("  %-34s %19d\n", kind, n)
	}
	for _, text := range shown {
		fmt.Printf("    %q\n", text)
	}
}

// folder reads the lines of every file below path.
func (t *table) folder(path string) error {
	var samples []cardcorpus.Sample
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			samples = append(samples, cardcorpus.Sample{Kind: filepath.Base(name), Text: lines.Text()})
		}
		return lines.Err()
	})
	t.flagged("lines of "+path, samples)
	return err
}
