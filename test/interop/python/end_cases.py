"""The cases that end the servers."""

import os
import signal
import time

from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bourse_cases import QUOTES
from calls import ask, bourse, call_wire, end_of, end_of_stream, start_bourse, start_wire, values_of
from cases import expect

RETRY_PAUSE_SECONDS = 0.05


def restart():
    """A server that shuts down loses no call, and the same channel reaches the next server."""
    streams = [start_wire(kind, "hang-until-restart", "") for kind in ("ServerStream", "BidiStream")]
    for call in streams:
        expect("text", next(call).text, "hanging")
    outlasting = start_wire("Unary", "outlast", "")
    ask("read", "outlasting")

    ask("restart")
    for call in streams:
        ended = end_of_stream(call)
        expect("stream", ended.code, StatusCode.UNAVAILABLE)
        expect("trailer", values_of(ended.trailer, "x-reconnect"), ["yes"])
    expect("unary call", end_of(outlasting).ok().text, "outlasted")
    again = call_wire("Unary", "generation", "")
    while again.code is StatusCode.UNAVAILABLE:
        time.sleep(RETRY_PAUSE_SECONDS)
        again = call_wire("Unary", "generation", "")
    expect("generation", again.ok().text, "2")


def shutdown():
    """A server that shuts down after a signal notifies the clients that watch."""
    quotes = start_bourse(f"{QUOTES}.WatchQuotes", {"symbols": ["*"]})
    next(quotes)
    health = health_pb2_grpc.HealthStub(bourse).Watch(health_pb2.HealthCheckRequest())
    expect("health", next(health).status, health_pb2.HealthCheckResponse.SERVING)

    os.kill(int(os.environ["INTEROP_BOURSE_PID"]), signal.SIGTERM)
    expect("health", next(health).status, health_pb2.HealthCheckResponse.NOT_SERVING)
    expect("health's end", end_of_stream(health).code, StatusCode.UNAVAILABLE)
    ended = end_of_stream(quotes)
    expect("quotes' end", ended.code, StatusCode.UNAVAILABLE)
    expect("cursors in the trailers", len(values_of(ended.trailer, "bourse-cursor")), 1)


CASES = (restart, shutdown)
