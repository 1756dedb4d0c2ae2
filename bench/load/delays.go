package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const percentile = 100

// The delays of quotes, between record and take.
type delays struct {
	mutex     sync.Mutex
	recording bool
	all       []time.Duration
}

func (d *delays) record() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.recording = true
}

func (d *delays) add(delay time.Duration) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.recording {
		d.all = append(d.all, delay)
	}
}

func (d *delays) take() []time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	taken := d.all
	d.recording = false
	d.all = nil
	return taken
}

// percentiles returns the median and the 99th percentile of delays, in milliseconds.
func percentiles(all []time.Duration) (p50, p99 float64, err error) {
	if len(all) < percentile {
		return 0, 0, fmt.Errorf("%d quotes received; percentiles need at least %d", len(all), percentile)
	}
	slices.Sort(all)
	return millis(all[len(all)*50/percentile]), millis(all[len(all)*99/percentile]), nil
}

// monotonicNow returns the time of the machine's monotonic clock, which is the same in all processes.
func monotonicNow() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

func millis(duration time.Duration) float64 {
	return float64(duration) / float64(time.Millisecond)
}
