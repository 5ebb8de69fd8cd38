package main

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsPage serves what is in the registry. Packing thousands of samples takes longer than collecting them with the
// usual gzip; the quickest of another makes them a little larger.
func metricsPage(registry *prometheus.Registry) (http.Handler, error) {
	plain := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError, Registry: registry, DisableCompression: true,
	})
	packed, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, err
	}
	return packed(plain), nil
}
