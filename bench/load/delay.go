package main

import "time"

const delayInterval = 10 * time.Millisecond

// delay lets a feed publish at a steady pace and measures how long a quote takes from there to here, by the machine's
// monotonic clock.
func delay(with settings) (result, error) {
	var delays delays
	crowd := &crowd{onQuote: func(quote []byte) error {
		published, err := sourceTimeOf(quote)
		delays.add(monotonicNow() - published)
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
	if err := wait(with.warm, crowd.ended); err != nil {
		return result{}, err
	}
	with.warm = 0
	delays.record()
	outcome, err := measureRate(with, crowd.deliveries.Load, crowd.ended)
	if err == nil {
		outcome.DelayP50, outcome.DelayP99, err = percentiles(delays.take())
	}
	return outcome, err
}
