package slo

import "fmt"

// burnTexts are the texts of alerts about burn rates.
func (m maker) burnTexts() map[string]string {
	bad, total := m.count("slo:events_bad:increase1h"), m.count("slo:events_total:increase1h")
	left := m.value("slo:period_error_budget_remaining:ratio", "humanizePercentage", "?")
	return map[string]string{
		"summary":        fmt.Sprintf(`SLO %s: the error budget burns {{ $value | printf "%%.1f" }} times too fast`, m.title()),
		"summary_zh":     fmt.Sprintf(`SLO %s：错误预算消耗速度为允许值的 {{ $value | printf "%%.1f" }} 倍`, m.title()),
		"description":    fmt.Sprintf(`In the last hour %s of %s events were bad. The objective is %s %% over %s; %s of its error budget is left.`, bad, total, number(m.Objective), m.Window, left),
		"description_zh": fmt.Sprintf(`最近 1 小时 %s 个事件中有 %s 个失败。目标为 %s 内 %s %%，错误预算剩余 %s。`, total, bad, m.Window, number(m.Objective), left),
	}
}

// quietTexts are the texts of the alert about bad events of a service with little traffic.
func (m maker) quietTexts() map[string]string {
	total := m.count("slo:events_total:increase1h")
	return map[string]string{
		"summary":        fmt.Sprintf(`SLO %s: {{ $value | printf "%%.0f" }} bad events in an hour with little traffic`, m.title()),
		"summary_zh":     fmt.Sprintf(`SLO %s：低流量下 1 小时内有 {{ $value | printf "%%.0f" }} 个失败事件`, m.title()),
		"description":    fmt.Sprintf(`{{ $value | printf "%%.0f" }} of %s events of the last hour were bad: too few for a rate, enough to look at.`, total),
		"description_zh": fmt.Sprintf(`最近 1 小时 %s 个事件中有 {{ $value | printf "%%.0f" }} 个失败：数量不足以计算比率，但值得查看。`, total),
	}
}

// title is the name of the objective with the labels that the alert has it for.
func (m maker) title() string {
	title := m.Name
	for _, label := range m.By {
		title += " {{ $labels." + label + " }}"
	}
	return title
}

func (m maker) count(series string) string { return m.value(series, `printf "%.0f"`, "?") }

// value writes the present value of a recorded series with the alert's labels, formatted, or none.
func (m maker) value(series, format, none string) string {
	selector, args := fmt.Sprintf("slo=%q", m.Name), ""
	for _, label := range m.By {
		selector += "," + label + "=%q"
		args += " $labels." + label
	}
	return fmt.Sprintf("{{ with printf `%s{%s}`%s | query }}{{ . | first | value | %s }}{{ else }}%s{{ end }}", series, selector, args, format, none)
}
