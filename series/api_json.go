package series

import (
	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/jsonutil"
)

// maxNotes is how many warnings, and how many notes of less weight, an answer shows.
const maxNotes = 10

// success is a good answer without warnings.
func success(data any) ([]byte, error) { return successWith(data, nil, "") }

// successWith is a good answer. The warnings say where in the query they are meant.
func successWith(data any, notes annotations.Annotations, query string) ([]byte, error) {
	warnings, infos := notes.AsStrings(query, maxNotes, maxNotes)
	body, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(struct {
		Status   string   `json:"status"`
		Data     any      `json:"data"`
		Warnings []string `json:"warnings,omitempty"`
		Infos    []string `json:"infos,omitempty"`
	}{"success", data, warnings, infos})
	if err != nil {
		return nil, failure(internal, err)
	}
	return body, nil
}

// What follows is written by hand: values are texts, so that NaN and infinity have a form, and times are exact to the
// millisecond.

// labelSet is written in its own order.
type labelSet struct{ labels.Labels }

// MarshalJSON writes {"name":"value"…}.
func (l labelSet) MarshalJSON() ([]byte, error) {
	return written(func(s *jsoniter.Stream) { writeLabels(s, l.Labels) })
}

// vector is the result of most queries at one instant.
type vector promql.Vector

// MarshalJSON writes [{"metric":{…},"value":[time,"value"]}…], or "histogram" in place of "value".
func (v vector) MarshalJSON() ([]byte, error) {
	return written(func(s *jsoniter.Stream) {
		writeArray(s, v, func(sample promql.Sample) {
			s.WriteObjectStart()
			s.WriteObjectField("metric")
			writeLabels(s, sample.Metric)
			s.WriteMore()
			if sample.H == nil {
				s.WriteObjectField("value")
				writeFloat(s, promql.FPoint{T: sample.T, F: sample.F})
			} else {
				s.WriteObjectField("histogram")
				writeHistogram(s, promql.HPoint{T: sample.T, H: sample.H})
			}
			s.WriteObjectEnd()
		})
	})
}

// matrix is the result of queries over a range of time.
type matrix promql.Matrix

// MarshalJSON writes [{"metric":{…},"values":[[time,"value"]…],"histograms":[[time,{…}]…]}…].
func (m matrix) MarshalJSON() ([]byte, error) {
	return written(func(s *jsoniter.Stream) {
		writeArray(s, m, func(one promql.Series) {
			s.WriteObjectStart()
			s.WriteObjectField("metric")
			writeLabels(s, one.Metric)
			if len(one.Floats) > 0 {
				s.WriteMore()
				s.WriteObjectField("values")
				writeArray(s, one.Floats, func(p promql.FPoint) { writeFloat(s, p) })
			}
			if len(one.Histograms) > 0 {
				s.WriteMore()
				s.WriteObjectField("histograms")
				writeArray(s, one.Histograms, func(p promql.HPoint) { writeHistogram(s, p) })
			}
			s.WriteObjectEnd()
		})
	})
}

func written(write func(*jsoniter.Stream)) ([]byte, error) {
	s := jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, nil, 512)
	write(s)
	return s.Buffer(), s.Error
}

func writeArray[E any](s *jsoniter.Stream, all []E, write func(E)) {
	s.WriteArrayStart()
	for i, one := range all {
		if i > 0 {
			s.WriteMore()
		}
		write(one)
	}
	s.WriteArrayEnd()
}

func writeLabels(s *jsoniter.Stream, all labels.Labels) {
	s.WriteObjectStart()
	first := true
	all.Range(func(l labels.Label) {
		if !first {
			s.WriteMore()
		}
		first = false
		s.WriteObjectField(l.Name)
		s.WriteString(l.Value)
	})
	s.WriteObjectEnd()
}

func writeFloat(s *jsoniter.Stream, p promql.FPoint) {
	s.WriteArrayStart()
	jsonutil.MarshalTimestamp(p.T, s)
	s.WriteMore()
	jsonutil.MarshalFloat(p.F, s)
	s.WriteArrayEnd()
}

func writeHistogram(s *jsoniter.Stream, p promql.HPoint) {
	s.WriteArrayStart()
	jsonutil.MarshalTimestamp(p.T, s)
	s.WriteMore()
	jsonutil.MarshalHistogram(p.H, s)
	s.WriteArrayEnd()
}
