package main

import (
	"context"
	"path/filepath"
	"time"

	"gatewatch/detect"
	"gatewatch/series"
)

// addDetect watches for anomalies in what the store holds.
func (a *agent) addDetect() error {
	watcher := detect.New(a.cfg.Detect, filepath.Join(a.cfg.DataDir, "anomalies"), metricsOf{a.store}, a.log, a.registry)
	a.parts = append(a.parts, part{"detect", watcher.Run})
	return nil
}

// metricsOf answers the queries of the watcher.
type metricsOf struct{ store *series.Store }

func (m metricsOf) Query(ctx context.Context, expr string, at time.Time) ([]detect.Point, error) {
	found, err := m.store.Query(ctx, expr, at)
	if err != nil {
		return nil, err
	}
	points := make([]detect.Point, len(found))
	for i, p := range found {
		points[i] = detect.Point{Labels: p.Labels, Value: p.Value}
	}
	return points, nil
}
