package receivers

import (
	"bytes"
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/slack-go/slack"
)

const (
	// chartTimeout is how long a chart may take from its query to Slack's last answer.
	chartTimeout = 30 * time.Second
	// maxCharts is the most charts that wait. Messages never wait for them.
	maxCharts = 8
)

// MakeChart returns the chart that shows the alert, or nil when there is none.
type MakeChart func(ctx context.Context, a Alert, now time.Time) *Chart

// chartJob is a chart that is to be put into a thread.
type chartJob struct {
	alert       Alert
	channel, ts string
}

func newChartMetric(reg prometheus.Registerer, receiver string) *prometheus.CounterVec {
	return promauto.With(prometheus.WrapRegistererWith(prometheus.Labels{"receiver": receiver}, reg)).NewCounterVec(prometheus.CounterOpts{
		Name: "gatewatch_notification_charts_total", Help: "Charts of incidents: sent, failed, or dropped because too many waited.",
	}, []string{"result"})
}

// draw asks for a picture of n's first alert in the thread, where Slack draws no charts itself.
func (s *Slack) draw(t *thread, n *Notice) {
	if s.chart == nil || !s.plotless || n.Test {
		return
	}
	select {
	case s.charts <- chartJob{n.Alerts[0], t.Channel, t.TS}:
	default:
		s.charted.WithLabelValues("dropped").Inc()
	}
}

// Run puts charts into threads until ctx ends. A chart that fails is not tried again: the message says all that matters.
func (s *Slack) Run(ctx context.Context) error {
	for {
		select {
		case job := <-s.charts:
			s.upload(ctx, job)
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Slack) upload(ctx context.Context, job chartJob) {
	ctx, cancel := context.WithTimeout(ctx, chartTimeout)
	defer cancel()
	chart := s.chart(ctx, job.alert, time.Now())
	if chart == nil {
		return
	}
	image, err := chart.PNG()
	if err == nil {
		title := s.words.chartTitle(chart, job.alert.Labels["provider"])
		_, err = s.client.UploadFileContext(ctx, slack.UploadFileParameters{
			Reader: bytes.NewReader(image), FileSize: len(image), Filename: "incident.png", Title: title, AltTxt: title,
			Channel: job.channel, ThreadTimestamp: job.ts,
		})
	}
	if failure := s.classify(err); failure != nil {
		s.charted.WithLabelValues("failed").Inc()
		if !s.chartless {
			s.log.Warn("no chart in the thread of an incident", "err", failure)
		}
		s.chartless = failure.Blocked // said once, as nothing changes by itself
		return
	}
	s.charted.WithLabelValues("sent").Inc()
	s.chartless = false
}
