package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sacbridge/cmd/internal/cli"
	"sacbridge/internal/directory"
	"sacbridge/internal/scimserver/listener"
	"sacbridge/internal/store/bolt"
)

// newRegistry makes a registry of our own with the process's figures and the build.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	v := cli.ThisBuild()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sacbridge_build_info", Help: "The build, in its labels.",
		ConstLabels: prometheus.Labels{"version": v.Version, "commit": v.Commit, "go": v.Go},
	})
	build.Set(1)
	reg.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// connectionMetrics are the figures of the connections to the public address.
func connectionMetrics(l *listener.ConnLimiter) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sacbridge_connections", Help: "Open connections.",
		}, func() float64 { return float64(l.Open()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sacbridge_connections_closed_total", Help: "Waiting connections closed because there were too many.",
		}, func() float64 { return float64(l.Closed()) }),
	}
}

// lostLines counts what the log could not take.
func lostLines(w *bufferedWriter) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "sacbridge_log_writes_failed_total", Help: "Times that the log could not be written; what was gathered for it is lost.",
	}, func() float64 { return float64(w.failures()) })
}

// stateCollector tells how large the directory is and whether it can be written, at the moment it is asked.
type stateCollector struct {
	state      *state
	sources    []string
	path       string
	records    *prometheus.Desc
	events     *prometheus.Desc
	size       *prometheus.Desc
	free       *prometheus.Desc
	unwritable *prometheus.Desc
}

func newStateCollector(s *state, sources []string, path string) *stateCollector {
	return &stateCollector{
		state: s, sources: sources, path: path,
		records:    prometheus.NewDesc("sacbridge_directory_records", "People and groups.", []string{"source", "type"}, nil),
		events:     prometheus.NewDesc("sacbridge_directory_last_event", "Number of the last event of the change feed.", []string{"source"}, nil),
		size:       prometheus.NewDesc("sacbridge_state_bytes", "Size of the state file.", nil, nil),
		free:       prometheus.NewDesc("sacbridge_state_free_bytes", "Room on the disk of the state file.", nil, nil),
		unwritable: prometheus.NewDesc("sacbridge_state_unwritable", "1 for the reason for which changes cannot be stored.", []string{"reason"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.records
	ch <- c.events
	ch <- c.size
	ch <- c.free
	ch <- c.unwritable
}

// collectTimeout bounds the reads of one scrape.
const collectTimeout = 5 * time.Second

// Collect implements prometheus.Collector. What cannot be read is left out; the readiness says why.
func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	// The interface hands over no context.
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout) //nolint:forbidigo // see above
	defer cancel()
	for _, source := range c.sources {
		id := directory.SourceID(source)
		for _, kind := range [...]directory.Kind{directory.User, directory.Group} {
			if n, err := c.state.dir.Count(ctx, id, kind); err == nil {
				ch <- prometheus.MustNewConstMetric(c.records, prometheus.GaugeValue, float64(n), source, kind.String())
			}
		}
		if last, err := c.state.dir.Last(ctx, id); err == nil {
			ch <- prometheus.MustNewConstMetric(c.events, prometheus.CounterValue, float64(last), source)
		}
	}
	if info, err := os.Stat(c.path); err == nil {
		ch <- prometheus.MustNewConstMetric(c.size, prometheus.GaugeValue, float64(info.Size()))
	}
	if free, ok := bolt.FreeBytes(c.path); ok {
		ch <- prometheus.MustNewConstMetric(c.free, prometheus.GaugeValue, float64(free))
	}
	why, _ := errors.AsType[*directory.UnwritableError](c.state.db.Writable())
	for _, reason := range bolt.UnwritableReasons() {
		value := 0.0
		if why != nil && why.Reason == reason {
			value = 1
		}
		ch <- prometheus.MustNewConstMetric(c.unwritable, prometheus.GaugeValue, value, reason)
	}
}
