package receivers

import (
	"fmt"
	"strings"
)

// deskWords is what messages say in one language about what people do with incidents.
type deskWords struct {
	// On buttons.
	acknowledge, silence, hour, hours, morning, unsilence, falseAlarm string
	// In the message; who, time.
	acknowledged, silencedUntil, calledFalse string
	// In the thread; who, and for a silence until when.
	didAcknowledge, didSilence, didUnsilence, didFalse string
	// Behind didSilence; the alerts.
	silenced string
	// To the one who pressed. The arguments are in the names.
	already      string // who
	nothing      string
	notAllowed   string // whom to ask
	cannotCheck  string // group, why
	otherAgent   string // the agent of the incident, this agent
	forgotten    string
	failed       string // why
	merchants    string // list
	andMore      string // count
	merchantOf   string // name, count
	chartSuccess string
	chartUsual   string
	status       statusWords
}

// statusWords is what answers to the slash command say.
type statusWords struct {
	help        string // command
	notHere     string // channels
	title       string // agent
	wellNone    string
	noProviders string
	provider    string // name, share
	usual       string // share
	incidents   string // count
	more        string // count
	silences    string // count
	noSilences  string
	silence     string // what, until, who
	lag         string // duration
	lagUnknown  string
	unsent      string // count
}

func englishDesk() deskWords {
	return deskWords{
		acknowledge: "Acknowledge", silence: "Silence", hour: "for 1 hour", hours: "for 4 hours", morning: "until morning",
		unsilence: "End silence", falseAlarm: "False alarm",
		acknowledged: "Acknowledged by %s at %s", silencedUntil: "Silenced until %s by %s", calledFalse: "%s calls it a false alarm",
		didAcknowledge: "✋ %s takes care of it.", didSilence: "🔕 %s silenced it until %s.", didUnsilence: "🔔 %s ended the silence.",
		didFalse:    "🚫 %s calls it a false alarm.",
		silenced:    "That is every alert with `%s`.",
		already:     "%s was faster: that is done.",
		nothing:     "There was nothing left to do.",
		notAllowed:  "You may not do that. These may: %s. It is alerting.slack.allow in the configuration of Gatewatch that says so.",
		cannotCheck: "You may not do that: whether you are in the group %s cannot be seen (%s).",
		otherAgent: "Nothing was done. This incident is the agent's on *%s*, but Slack gave the click to the one on *%s*, because both use " +
			"the same app token. Each agent needs a Slack app of its own for its buttons.",
		forgotten: "Nothing was done: this incident is not known any more.",
		failed:    "Nothing was done: %s", merchants: "Merchants concerned: %s", andMore: "and %d more", merchantOf: "%s (%s)",
		chartSuccess: "Success %", chartUsual: "Usual",
		status: statusWords{
			help: "`%[1]s status` – providers, incidents, silences and this agent\n`%[1]s silences` – what is silenced, until when and by whom\n" +
				"`%[1]s help` – this",
			notHere: "This is only answered in the channels that get the alerts: %s.",
			title:   "Gatewatch on %s", wellNone: "🟢 Nothing fires.", noProviders: "No payments seen in the last minute.",
			provider: "%s: %s succeed", usual: " (usually %s)", incidents: "%d alerts fire:", more: "… and %d more", silences: "%d silences:",
			noSilences: "Nothing is silenced.", silence: "`%s` until %s, by %s", lag: "Reading the logs is %s behind.",
			lagUnknown: "How far behind reading the logs is, is not known yet.", unsent: "%d messages wait to be sent.",
		},
	}
}

func chineseDesk() deskWords {
	return deskWords{
		acknowledge: "认领", silence: "静默", hour: "1 小时", hours: "4 小时", morning: "到早上",
		unsilence: "结束静默", falseAlarm: "误报",
		acknowledged: "%s 已于 %s 认领", silencedUntil: "静默至 %s（%s）", calledFalse: "%s 标记为误报",
		didAcknowledge: "✋ %s 正在处理。", didSilence: "🔕 %s 已静默至 %s。", didUnsilence: "🔔 %s 结束了静默。", didFalse: "🚫 %s 标记为误报。",
		silenced: "范围：所有符合 `%s` 的告警。",
		already:  "%s 已先行处理。", nothing: "没有需要处理的内容。",
		notAllowed:  "您没有此权限。有权限的是：%s。由 Gatewatch 配置中的 alerting.slack.allow 决定。",
		cannotCheck: "您没有此权限：无法查看您是否属于用户组 %s（%s）。",
		otherAgent: "未执行任何操作。此故障属于 *%s* 上的代理，但 Slack 把点击交给了 *%s* 上的代理，因为两者使用同一个应用令牌。" +
			"每个代理的按钮需要各自的 Slack 应用。",
		forgotten: "未执行任何操作：此故障已无记录。",
		failed:    "未执行任何操作：%s", merchants: "受影响商户：%s", andMore: "另有 %d 家", merchantOf: "%s（%s 笔）",
		chartSuccess: "成功率 %", chartUsual: "平时",
		status: statusWords{
			help:    "`%[1]s status` – 渠道、故障、静默和本代理的状态\n`%[1]s silences` – 静默了什么、到何时、由谁\n`%[1]s help` – 本帮助",
			notHere: "仅在接收告警的频道中回答：%s。", title: "Gatewatch @ %s", wellNone: "🟢 没有告警。", noProviders: "最近一分钟没有支付。",
			provider: "%s：成功率 %s", usual: "（平时 %s）", incidents: "%d 条告警：", more: "……另有 %d 条", silences: "%d 条静默：",
			noSilences: "没有静默。", silence: "`%s` 至 %s，%s", lag: "日志读取落后 %s。", lagUnknown: "日志读取进度尚不清楚。",
			unsent: "%d 条消息等待发送。",
		},
	}
}

// concerned says which merchants' payments fail, or "".
func (w *words) concerned(n *Notice) string {
	if n.Resolved() || len(n.Merchants) == 0 {
		return ""
	}
	var parts []string
	for _, m := range n.Merchants[:min(len(n.Merchants), MaxMerchants)] {
		parts = append(parts, fmt.Sprintf(w.desk.merchantOf, cut(oneLine(m.Name), maxSeverity), count(float64(m.Failed))))
	}
	if n.MoreMerchants > 0 {
		parts = append(parts, fmt.Sprintf(w.desk.andMore, n.MoreMerchants))
	}
	return fmt.Sprintf(w.desk.merchants, strings.Join(parts, ", "))
}
