package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// caseLimit is the time limit of a case. The slowest case waits for two pings of grpc-go at an interval of ten seconds.
const caseLimit = 40 * time.Second

// A testCase passes unless its run fails with expect or must.
type testCase struct {
	name string
	run  func(ctx context.Context)
	// Whether the case runs concurrently with the following ones, up to the cases that end a server.
	slow bool
	// Whether the case ends a server. Such cases run last.
	last bool
}

type failure string

// runAll runs the cases, prints each result, and returns whether all cases passed.
func runAll(cases []testCase) bool {
	allPassed := true
	report := func(name string, problem error) {
		if problem == nil {
			fmt.Println("PASS " + name)
			return
		}
		allPassed = false
		fmt.Printf("FAIL %s: %v\n", name, problem)
	}
	var slow []func()
	for _, each := range cases {
		if !each.slow {
			continue
		}
		done := make(chan error, 1)
		go func() { done <- runOne(each) }()
		slow = append(slow, func() { report(each.name, <-done) })
	}
	for _, each := range cases {
		if !each.slow && !each.last {
			report(each.name, runOne(each))
		}
	}
	for _, wait := range slow {
		wait()
	}
	for _, each := range cases {
		if each.last {
			report(each.name, runOne(each))
		}
	}
	return allPassed
}

func runOne(each testCase) (problem error) {
	ctx, cancel := context.WithTimeout(context.Background(), caseLimit)
	defer cancel()
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case failure:
			problem = errors.New(string(thrown))
		default:
			problem = fmt.Errorf("panic: %v", thrown)
		}
	}()
	each.run(ctx)
	return nil
}

// expect fails the case unless both values are equal.
func expect[T any](what string, got, want T) {
	if !reflect.DeepEqual(got, want) {
		fail("%s: got %.300v, want %.300v", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// must returns the value. It fails the case if there is an error.
func must[T any](value T, err error) T {
	mustNot(err)
	return value
}

func mustNot(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, args ...any) {
	panic(failure(fmt.Sprintf(format, args...)))
}
