package main

import "time"

const delayInterval = 10 * time.Millisecond

// delay makes the feed publish at a fixed rate, and measures the delay of each quote from the feed to this client by
// the machine's monotonic clock.
func delay(with settings) (result, error) {
	var delays delays
	group := &watcherGroup{onQuote: func(quote []byte) error {
		published, err := sourceTimeOf(quote)
		delays.add(monotonicNow() - published)
		return err
	}}
	drive, err := startDriver(with.address)
	if err != nil {
		return result{}, err
	}
	defer drive.conn.close()
	closeAll, err := group.connectAll(with)
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
	if err := wait(with.warm, group.ended); err != nil {
		return result{}, err
	}
	with.warm = 0
	delays.record()
	outcome, err := measureRate(with, group.deliveries.Load, group.ended)
	if err == nil {
		outcome.DelayP50, outcome.DelayP99, err = percentiles(delays.take())
	}
	return outcome, err
}
