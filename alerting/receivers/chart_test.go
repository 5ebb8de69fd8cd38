package receivers

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestChart(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 22, 14, 2, 0, 0, time.UTC)
	c := Chart{
		Title: "x", Percent: true, From: since.Add(-30 * time.Minute), To: since.Add(20 * time.Minute), Since: since, Until: since.Add(12 * time.Minute),
		Step: time.Minute,
	}
	for at := c.From; !at.After(c.To); at = at.Add(c.Step) {
		c.Expected = append(c.Expected, Point{at, 0.968})
		switch {
		case at.After(since.Add(-15*time.Minute)) && at.Before(since.Add(-8*time.Minute)): // no data
		case at.After(c.Since) && at.Before(c.Until):
			c.Values = append(c.Values, Point{at, 0.41})
		default:
			c.Values = append(c.Values, Point{at, 0.96})
		}
	}
	got, err := c.PNG()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "chart.png")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(got))
	if err != nil || img.Bounds() != want.Bounds() {
		t.Fatalf("PNG() is %v, %v, want %v", img, err, want.Bounds())
	}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if img.At(x, y) != want.At(x, y) {
				t.Fatalf("PNG() differs from %s at %d, %d", file, x, y)
			}
		}
	}
}

func TestChartOfAnything(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	for _, c := range []Chart{
		{},
		{From: at, To: at, Values: []Point{{at, 1}, {at, 2}}},
		{From: at, To: at.Add(-time.Hour), Since: at.Add(time.Hour), Until: at.Add(-time.Hour)},
		{From: at, To: at.Add(time.Hour), Step: time.Minute, Values: []Point{{at, math.NaN()}, {at.Add(time.Minute), math.Inf(1)}, {at.Add(2 * time.Minute), math.MaxFloat64}}},
		{From: at, To: at.Add(time.Hour), Step: time.Minute, Values: []Point{{at, -3}, {at.Add(time.Minute), 12_345}}},
		{From: at, To: at.Add(time.Hour), Step: time.Minute, Values: []Point{{at.Add(-time.Hour), 0}, {at.Add(3 * time.Hour), 1e300}}},
	} {
		if text, err := c.PNG(); err != nil || len(text) == 0 {
			t.Errorf("PNG() of %+v = %d bytes, %v", c, len(text), err)
		}
	}
}

func TestFigure(t *testing.T) {
	t.Parallel()
	f := func(percent bool, v float64, want string) {
		t.Helper()
		if got := (&plot{Chart: &Chart{Percent: percent}}).figure(v); got != want {
			t.Errorf("figure(%v) = %q, want %q", v, got, want)
		}
	}
	f(true, 0.25, "25%")
	f(false, 0, "0")
	f(false, 0.25, "0.25")
	f(false, 750, "750")
	f(false, 40_000, "40k")
	f(false, 2e6, "2M")
}
