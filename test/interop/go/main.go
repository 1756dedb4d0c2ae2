// The program calls a server with one client library over one protocol. It runs the cases of the client, and prints a
// line for each: "PASS case" or "FAIL case: reason".
//
// The environment variables are the addresses of the servers: INTEROP_WIRE is the wire service (HOST:PORT), and
// INTEROP_PROXY is a proxy to it that counts the traffic. INTEROP_BOURSE is a complete Bourse, and INTEROP_BOURSE_PID
// is its process ID. INTEROP_DESCRIPTORS is a file with the descriptors of all services. The client "classic" calls the
// classic services with grpc-go and with code that is generated from the protos in ../classic-protos.
package main

import (
	"fmt"
	"os"
	"slices"

	"connectrpc.com/connect"
)

// A library has a caller and additional cases.
type library struct {
	open func(address string, with settings) caller
	own  []testCase
}

var libraries = map[string]library{
	"grpc-go":             {open: openGrpc, own: grpcCases},
	"connect-go-grpc":     {open: connectOpener(true, connect.WithGRPC()), own: connectCases},
	"connect-go-grpc-web": {open: connectOpener(false, connect.WithGRPCWeb()), own: connectCases},
	"connect-go-connect":  {open: connectOpener(false), own: connectCases},
}

func main() {
	if len(os.Args) != 2 {
		exit("usage: interop CLIENT")
	}
	if !runAll(casesOf(os.Args[1])) {
		os.Exit(1)
	}
}

// casesOf returns the cases of a client.
func casesOf(name string) []testCase {
	if name == "classic" {
		return slices.Concat(classicStreamCases, classicLaptopCases)
	}
	client, known := libraries[name]
	if !known {
		exit("unknown client " + name)
	}
	openCaller = client.open
	return slices.Concat(wireCases, limitCases, bourseCases, client.own, endCases)
}

func exit(problem string) {
	fmt.Fprintln(os.Stderr, problem)
	os.Exit(2)
}

// mustGet returns a variable of the environment.
func mustGet(name string) string {
	value := os.Getenv(name)
	if value == "" {
		exit(name + " is not set; run npm run test:interop")
	}
	return value
}
