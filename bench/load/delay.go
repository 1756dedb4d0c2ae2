package main

import (
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	delayInterval = 10 * time.Millisecond
	percentile    = 100
)

// delay lets a feed publish at a steady pace and measures how long a quote takes from there to here, by the machine's
// monotonic clock.
func delay(with settings) (result, error) {
	var mutex sync.Mutex
	var delays []time.Duration
	crowd := &crowd{onQuote: func(quote []byte) error {
		published, err := sourceTimeOf(quote)
		mutex.Lock()
		defer mutex.Unlock()
		delays = append(delays, monotonicNow()-published)
		return err
	}}
	drive, err := startDriver(with.address)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	closeAll, err := crowd.gather(with)
	defer closeAll()
	if err != nil {
		return result{}, err
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		pace := time.NewTicker(delayInterval)
		defer pace.Stop()
		for {
			select {
			case <-stop:
				return
			case <-pace.C:
				drive.allow(1)
			}
		}
	}()
	warm := with.warm
	with.warm = 0
	if err := wait(warm, crowd.ended); err != nil {
		return result{}, err
	}
	mutex.Lock()
	delays = delays[:0]
	mutex.Unlock()
	outcome, err := measureRate(with, crowd.deliveries.Load, crowd.ended)
	mutex.Lock()
	defer mutex.Unlock()
	if err == nil && len(delays) < percentile {
		err = errors.New("hardly any quotes came")
	}
	if err != nil {
		return result{}, err
	}
	slices.Sort(delays)
	outcome.DelayP50 = millis(delays[len(delays)*50/percentile])
	outcome.DelayP99 = millis(delays[len(delays)*99/percentile])
	return outcome, nil
}

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
