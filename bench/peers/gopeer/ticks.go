package gopeer

import (
	"context"
	"sync"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	quotev1 "bourse/bench/gen/bourse/quote/v1"
)

// The number of quotes that are buffered for one subscriber before the feed waits for it.
const subscriberBuffer = 64

// The maximum number of permitted ticks that are not published yet.
const maxAllowed = 1 << 20

const symbolCount = 100

// Ticks is a feed with a channel for each subscriber. The feed publishes the permitted ticks. It waits for a subscriber
// whose channel is full.
type Ticks struct {
	mutex       sync.Mutex
	subscribers map[chan *quotev1.Quote]context.Context
	allowed     chan struct{}
	symbols     []string
	counts      []int64
	seq         int64
}

// StartTicks starts the feed.
func StartTicks() *Ticks {
	ticks := &Ticks{
		subscribers: map[chan *quotev1.Quote]context.Context{},
		allowed:     make(chan struct{}, maxAllowed),
		counts:      make([]int64, symbolCount),
	}
	for index := range symbolCount {
		ticks.symbols = append(ticks.symbols, symbolAt(index))
	}
	go func() {
		for range ticks.allowed {
			ticks.publish()
		}
	}()
	return ticks
}

// Allow permits the feed to publish more ticks.
func (ticks *Ticks) Allow(count int64) {
	for range count {
		ticks.allowed <- struct{}{}
	}
}

// Subscribe returns a channel with all quotes from now on. Pass the channel to Unsubscribe when the context ends.
func (ticks *Ticks) Subscribe(ctx context.Context) chan *quotev1.Quote {
	quotes := make(chan *quotev1.Quote, subscriberBuffer)
	ticks.mutex.Lock()
	defer ticks.mutex.Unlock()
	ticks.subscribers[quotes] = ctx
	return quotes
}

// Unsubscribe ends a subscription.
func (ticks *Ticks) Unsubscribe(quotes chan *quotev1.Quote) {
	ticks.mutex.Lock()
	defer ticks.mutex.Unlock()
	delete(ticks.subscribers, quotes)
}

func (ticks *Ticks) publish() {
	ticks.mutex.Lock()
	defer ticks.mutex.Unlock()
	quote := ticks.next()
	for quotes, ctx := range ticks.subscribers {
		select {
		case quotes <- quote:
		default:
			select {
			case quotes <- quote:
			case <-ctx.Done():
			}
		}
	}
}

func (ticks *Ticks) next() *quotev1.Quote {
	index := ticks.seq % symbolCount
	ticks.seq++
	ticks.counts[index]++
	step := float64(ticks.seq%200) / 100
	return &quotev1.Quote{
		Symbol:        ticks.symbols[index],
		Bid:           proto.Float64(120.11 + step),
		Ask:           proto.Float64(120.12 + step),
		BidSize:       proto.Int64(300 + ticks.seq%50),
		AskSize:       proto.Int64(500 + ticks.seq%70),
		Last:          proto.Float64(120.12 + step),
		LastSize:      proto.Int64(100),
		Volume:        proto.Int64(1_000_000 + 100*ticks.seq),
		Open:          proto.Float64(119.5),
		High:          proto.Float64(125),
		Low:           proto.Float64(118.25),
		PreviousClose: proto.Float64(119.75),
		SourceTime:    monotonicNow(),
		Seq:           ticks.seq,
		InstrumentSeq: ticks.counts[index],
	}
}

// monotonicNow returns the machine's monotonic clock in microseconds. It is the same in all processes and runtimes.
func monotonicNow() *timestamppb.Timestamp {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		Fail(err)
	}
	return &timestamppb.Timestamp{Seconds: now.Sec, Nanos: int32(now.Nsec / 1000 * 1000)}
}

func symbolAt(index int) string {
	return "S" + string(rune('A'+index/26%26)) + string(rune('A'+index%26)) + string(rune('A'+index*7%26))
}
