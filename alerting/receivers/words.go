package receivers

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"gatewatch/payment"
)

// words is what messages say in one language.
type words struct {
	// suffix of the annotations in this language: summary_zh.
	suffix     string
	providers  map[string]string
	severities map[string]string
	verdicts   map[string]string // behind the headline
	because    string            // the reasons
	reasons    map[string]string
	resolved   string
	test       string
	// Formats; the arguments are in the names.
	sinceFor    string // time, duration
	lasted      string // duration, start, end
	about       string // count of payments
	expected    string // actual, expected
	late        string // duration, time
	more        string // count
	host        string // name
	open        string
	runbook     string
	lostLabel   string
	factLabels  map[string]string
	day         string
	hour        string
	minute      string
	second      string
	betweenUnit string

	betweenReasons string

	still    string // before what has not changed
	replaced string // before the headline of the message that a newer one replaces

	desk deskWords
}

// facts are the annotations that become the figures of a message, in this order. "expected" stands in brackets behind
// "success".
var facts = [...]string{"success", "technical", "latency", "attempts"}

func wordsFor(language string) *words {
	if language == "zh" {
		return chinese()
	}
	return english()
}

func english() *words {
	return &words{
		providers:  providerNames(func(p payment.Provider) string { return p.English }),
		severities: map[string]string{"critical": "critical", "warning": "warning", "info": "info"},
		verdicts: map[string]string{
			"provider": ", on their side", "us": ", on our side", "network": ", on the way to them", "customer": "; more are declined",
		},
		because: "Why we think so: %s.",
		reasons: map[string]string{
			"own_errors":          "they refuse our keys, permissions or rate",
			"most_providers":      "most providers fail at once",
			"timeouts_everywhere": "most providers do not answer in time",
			"no_connection":       "our probe cannot connect to them",
			"probe_refused":       "our probe gets an error from them",
			"others_well":         "the other providers are well",
			"their_errors":        "they answer with their own system errors",
			"declines":            "customers, banks and risk checks say no, nothing fails technically",
		},
		resolved: "Resolved: ", test: "Test: ",
		sinceFor: "since %s (%s)", lasted: "lasted %s, %s to %s",
		about: "about %s", expected: "%s (expected %s)",
		late:    "Late by %s: this message was due at %s and could not be delivered before.",
		more:    "… and %d more alerts",
		host:    "Gatewatch on %s",
		open:    "Open",
		runbook: "Runbook", lostLabel: "Payments lost",
		factLabels: map[string]string{
			"success": "Success", "technical": "Technical failures", "latency": "Latency, 95 % under", "attempts": "Attempts a minute",
		},
		betweenReasons: "; ",
		still:          "Still so: ", replaced: "⬆ Now more severe, told in a newer message below:",
		desk: englishDesk(),
		day:  " d", hour: " h", minute: " min", second: " s", betweenUnit: " ",
	}
}

func chinese() *words {
	return &words{
		suffix:     "_zh",
		providers:  providerNames(func(p payment.Provider) string { return p.Chinese }),
		severities: map[string]string{"critical": "严重", "warning": "警告", "info": "提示"},
		verdicts: map[string]string{
			"provider": "，原因在对方", "us": "，原因在我方", "network": "，原因在网络", "customer": "，拒付增多",
		},
		because: "判断依据：%s。",
		reasons: map[string]string{
			"own_errors":          "对方拒绝我方的密钥、权限或频率",
			"most_providers":      "多数渠道同时失败",
			"timeouts_everywhere": "多数渠道未能及时应答",
			"no_connection":       "探测无法连接对方",
			"probe_refused":       "探测收到对方的错误应答",
			"others_well":         "其他渠道正常",
			"their_errors":        "对方返回自身系统错误",
			"declines":            "客户、银行或风控拒绝，没有技术性失败",
		},
		resolved: "已恢复：", test: "测试：",
		sinceFor: "自 %s 起（已 %s）", lasted: "持续 %s，%s 至 %s",
		about: "约 %s 笔", expected: "%s（预期 %s）",
		late:    "延迟 %s：此消息应于 %s 发出，此前无法送达。",
		more:    "……另有 %d 条告警",
		host:    "Gatewatch @ %s",
		open:    "打开页面",
		runbook: "处置手册", lostLabel: "损失支付",
		factLabels: map[string]string{
			"success": "成功率", "technical": "技术性失败", "latency": "95 % 时延低于", "attempts": "每分钟笔数",
		},
		betweenReasons: "；",
		still:          "仍在持续：", replaced: "⬆ 严重程度上升，见下方新消息：",
		desk: chineseDesk(),
		day:  " 天", hour: " 小时", minute: " 分钟", second: " 秒", betweenUnit: " ",
	}
}

// annotation returns an annotation in this language, or in English when there is none.
func (w *words) annotation(a *Alert, name string) string {
	return strings.TrimSpace(cmp.Or(a.Annotations[name+w.suffix], a.Annotations[name]))
}

// headline says in one line what is wrong and whose fault it is.
func (w *words) headline(n *Notice, a *Alert) string {
	line := cmp.Or(w.annotation(a, "summary"), a.Name)
	provider := a.Labels["provider"]
	line = w.naming(line, provider)
	if provider != "" {
		line += w.verdicts[a.Verdict]
	}
	switch {
	case n.Test:
		return w.test + line
	case !a.Ended.IsZero():
		return w.resolved + line
	}
	return line
}

// why says what the verdict rests on, or "".
func (w *words) why(a *Alert) string {
	var known []string
	for _, reason := range Reasons(a.Annotations) {
		if text := w.reasons[reason]; text != "" {
			known = append(known, text)
		}
	}
	if len(known) == 0 {
		return ""
	}
	return fmt.Sprintf(w.because, strings.Join(known, w.betweenReasons))
}

// providerNames returns the providers' names for people.
func providerNames(name func(payment.Provider) string) map[string]string {
	names := map[string]string{}
	for _, p := range payment.Providers() {
		names[p.Name] = name(p)
	}
	return names
}

// chartTitle says what a chart shows.
func (w *words) chartTitle(c *Chart, provider string) string {
	title := w.naming(c.Title, provider)
	if c.Percent {
		title = w.factLabels["success"]
		if provider != "" {
			title = cmp.Or(w.providers[provider], provider) + ": " + title
		}
	}
	return cut(title, maxHeader)
}

// naming puts the provider's name for people where a rule, which can only write labels, has written the label.
func (w *words) naming(text, provider string) string {
	if shown := w.providers[provider]; shown != "" {
		return replaceWord(text, provider, shown)
	}
	return text
}

// Text returns an alert's annotation in the language "en" or "zh", with the provider's name for people, or "" when the
// rule has none.
func Text(labels, annotations map[string]string, annotation, language string) string {
	w := wordsFor(language)
	return w.naming(strings.TrimSpace(annotations[annotation+w.suffix]), labels["provider"])
}

// Reasons returns what an alert's verdict rests on, as rules name it: others_well, their_errors.
func Reasons(annotations map[string]string) []string { return strings.Fields(annotations["reasons"]) }

// ReasonText says in the language "en" or "zh" what a reason means, or "" when it is not known.
func ReasonText(reason, language string) string { return wordsFor(language).reasons[reason] }

// replaceWord replaces word where it does not stand inside a longer ASCII word.
func replaceWord(text, word, by string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, word)
		if i < 0 {
			return b.String() + text
		}
		end := i + len(word)
		b.WriteString(text[:i])
		if i > 0 && isWord(text[i-1]) || end < len(text) && isWord(text[end]) {
			b.WriteString(word)
		} else {
			b.WriteString(by)
		}
		text = text[end:]
	}
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-'
}

// duration writes d in its two biggest units.
func (w *words) duration(d time.Duration) string {
	s := int64(math.Round(d.Seconds()))
	units := []struct {
		size int64
		name string
	}{{86400, w.day}, {3600, w.hour}, {60, w.minute}, {1, w.second}}
	for i, u := range units {
		if s < u.size && u.size > 1 {
			continue
		}
		text := strconv.FormatInt(s/u.size, 10) + u.name
		if rest := s % u.size; i+1 < len(units) && rest >= units[i+1].size && s < 10*u.size {
			text += w.betweenUnit + strconv.FormatInt(rest/units[i+1].size, 10) + units[i+1].name
		}
		return text
	}
	return ""
}

// count writes a number with its thousands apart.
func count(f float64) string {
	digits := strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// clock writes a time for Slack, which shows it in the reader's time zone; plain is for where Slack does not.
func clock(t time.Time, plain bool) string {
	utc := t.UTC().Format("15:04 UTC")
	if plain {
		return utc
	}
	return fmt.Sprintf("<!date^%d^{time}|%s>", t.Unix(), utc)
}
