package routing

import (
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/matcher/compat"
	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"gatewatch/internal/invalid"
)

// InhibitRule says which alerts (the sources) make others (the targets) pointless, in Alertmanager's format:
// https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule
type InhibitRule struct {
	// Name, for people.
	Name string `yaml:"name,omitempty"`
	// Conditions on the labels of sources, and of targets.
	SourceMatchers []string `yaml:"source_matchers,omitempty"`
	TargetMatchers []string `yaml:"target_matchers,omitempty"`
	// Older forms of conditions.
	SourceMatch   map[string]string `yaml:"source_match,omitempty"`
	SourceMatchRE map[string]string `yaml:"source_match_re,omitempty"`
	TargetMatch   map[string]string `yaml:"target_match,omitempty"`
	TargetMatchRE map[string]string `yaml:"target_match_re,omitempty"`
	// Labels that must have the same value in both.
	Equal []string `yaml:"equal,omitempty"`
}

func (c *InhibitRule) build(path string, m *invalid.Mistakes) amcommon.InhibitRule {
	checkNames(m, path+".source_match", c.SourceMatch)
	checkNames(m, path+".target_match", c.TargetMatch)
	for i, name := range c.Equal {
		if !compat.IsValidLabelName(model.LabelName(name)) {
			m.Add(index(path+".equal", i), "%q is no name of a label", name)
		}
	}
	if len(c.TargetMatchers)+len(c.TargetMatch)+len(c.TargetMatchRE) == 0 {
		m.Add(path+".target_matchers", "is needed: without it all alerts would be pointless")
	}
	if len(c.SourceMatchers)+len(c.SourceMatch)+len(c.SourceMatchRE) == 0 {
		m.Add(path+".source_matchers", "is needed: which alerts make the others pointless")
	}
	return amcommon.InhibitRule{
		Name:           c.Name,
		SourceMatch:    c.SourceMatch,
		SourceMatchRE:  readMatchRE(m, path+".source_match_re", c.SourceMatchRE),
		SourceMatchers: readMatchers(m, path+".source_matchers", c.SourceMatchers),
		TargetMatch:    c.TargetMatch,
		TargetMatchRE:  readMatchRE(m, path+".target_match_re", c.TargetMatchRE),
		TargetMatchers: readMatchers(m, path+".target_matchers", c.TargetMatchers),
		Equal:          c.Equal,
	}
}

// labelHost is the label of the host where it is one of external_labels. Alerts of one agent are of one host without it, too.
const labelHost = "host"

// shippedInhibitions are the alerts that make others pointless. The rules themselves know which alert of a provider
// contains another; here are those that the agent's own troubles explain.
func shippedInhibitions() []amcommon.InhibitRule {
	sameApplication := []string{"application", "instance", labelHost}
	return []amcommon.InhibitRule{
		{
			// Who cannot read the logs cannot say that nothing is in them.
			Name:           "blind agent",
			SourceMatchers: matchers(amlabels.MatchRegexp, "alertname", "GatewatchTailLag|GatewatchJournalBlocked"),
			TargetMatchers: matchers(amlabels.MatchEqual, "alertname", "PaymentNoTraffic"),
		},
		{
			// A host that reaches nothing reaches no provider: one message says so.
			Name:           "host without network",
			SourceMatchers: matchers(amlabels.MatchEqual, "alertname", "HostNetworkDown"),
			TargetMatchers: matchers(amlabels.MatchRegexp, "alertname", "ProviderProbeFails|ProviderProbeSlow|TLSEndpointFails|PaymentProviderDown|"+
				"PaymentFailureStreak|PaymentTechnicalFailures|PaymentUnknownOutcome|PaymentMethodBroken|PaymentSuccessRateLow|"+
				"PaymentLatencyHigh|PaymentNoTraffic|PaymentCodeJump|PaymentCallbacksLate|Payment\\w+Unusual"),
			Equal: []string{labelHost},
		},
		{
			// A link that breaks again and again, or a full table of connections, makes probes slow and fail now and then.
			Name:           "host with bad network",
			SourceMatchers: matchers(amlabels.MatchRegexp, "alertname", "HostNetworkFlapping|HostConntrackFull"),
			TargetMatchers: matchers(amlabels.MatchRegexp, "alertname", "ProviderProbeSlow|TLSEndpointFails"),
			Equal:          []string{labelHost},
		},
		{
			// Who is not there has no troubles of its own. That it restarts again and again says more, and is told.
			Name:           "application down",
			SourceMatchers: matchers(amlabels.MatchEqual, "alertname", "ApplicationDown"),
			TargetMatchers: matchers(amlabels.MatchRegexp, "alertname", "Application(Unhealthy|PageFails|ServerErrors|FilesNearLimit|GarbageCollection)|"+
				"JVM(HeapNearlyFull|Deadlock|ThreadsGrowing)|HikariPoolExhausted|TomcatThreadsBusy|Node(EventLoopLag|HeapNearlyFull)"),
			Equal: sameApplication,
		},
		{
			// Without a database, or a connection to it, threads wait, requests fail and the look at the health hangs.
			Name:           "application unwell",
			SourceMatchers: matchers(amlabels.MatchRegexp, "alertname", "ApplicationUnhealthy|HikariPoolExhausted"),
			TargetMatchers: matchers(amlabels.MatchRegexp, "alertname", "ApplicationPageFails|ApplicationServerErrors|TomcatThreadsBusy"),
			Equal:          sameApplication,
		},
		{
			// The access log has the same errors as customers saw them.
			Name:           "server errors of the gateway",
			SourceMatchers: matchers(amlabels.MatchEqual, "alertname", "GatewayServerErrors"),
			TargetMatchers: matchers(amlabels.MatchEqual, "alertname", "ApplicationServerErrors"),
			Equal:          []string{labelHost},
		},
		{
			// The host saw the same files open.
			Name: "file descriptors of processes",
			SourceMatchers: append(matchers(amlabels.MatchEqual, "alertname", "HostProcessFileDescriptorsLow"),
				matchers(amlabels.MatchRegexp, "groupname", "java|node")...),
			TargetMatchers: matchers(amlabels.MatchEqual, "alertname", "ApplicationFilesNearLimit"),
			Equal:          []string{labelHost},
		},
		{
			// One rule at two severities tells the worse.
			Name:           "severity",
			SourceMatchers: matchers(amlabels.MatchEqual, "severity", "critical"),
			TargetMatchers: matchers(amlabels.MatchEqual, "severity", "warning"),
			Equal:          []string{"alertname", "provider"},
		},
	}
}

func matchers(kind amlabels.MatchType, name, value string) amcommon.Matchers {
	m, err := amlabels.NewMatcher(kind, name, value)
	if err != nil {
		panic(err) // the patterns are constants
	}
	return amcommon.Matchers{m}
}
