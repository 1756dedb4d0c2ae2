"""The cases of call kinds, metadata, errors, cancellation and deadlines."""

import queue
import uuid

from grpc import StatusCode

from calls import (
    KINDS,
    STREAMS,
    ask,
    call_wire,
    end_of,
    end_of_stream,
    open_channel,
    start,
    start_wire,
    values_of,
    wire,
    wire_requests,
)
from cases import expect


def unary():
    expect("text", ask("echo", "hello"), "hello")


def server_stream():
    ended = call_wire("ServerStream", "count", "3")
    ended.ok()
    expect("texts", [response.text for response in ended.responses], ["1", "2", "3"])


def client_stream():
    expect("text", call_wire("ClientStream", "join", "a", "b", "c").ok().text, "a,b,c")


def bidi_stream():
    # Sends each request after the response to the previous one.
    requests = queue.SimpleQueue()
    call = start(wire, "test.wire.v1.WireService.BidiStream", iter(requests.get, None))
    for text in ("a", "b"):
        requests.put(wire_requests("echo", text)[0])
        expect("answer", next(call).text, text)
    requests.put(None)
    expect("answers after the end", list(call), [])


def headers_at_once_server_stream():
    note = str(uuid.uuid4())
    _headers_come_first(start_wire("ServerStream", "headers-first", note), note)


def headers_at_once_bidi_stream():
    note = str(uuid.uuid4())
    _headers_come_first(start_wire("BidiStream", "headers-first", note), note)


def _headers_come_first(call, note):
    # Proves by order that headers arrive early: the handler waits for a request that is sent after they have arrived.
    expect("header", values_of(call.initial_metadata(), "x-early"), ["yes"])
    ask("post", note)
    expect("text", next(call).text, "posted")


def trailers_on_success():
    for kind in KINDS:
        ended = call_wire(kind, "metadata", "")
        ended.ok()
        expect(kind, ", ".join(values_of(ended.trailer, "x-many")), "c, d")


def trailers_on_failure():
    for kind in KINDS:
        ended = call_wire(kind, "fail", "")
        expect(kind, ended.code, StatusCode.FAILED_PRECONDITION)
        expect(f"{kind}: header", values_of(ended.header, "x-header"), ["sent"])
        expect(f"{kind}: trailer", values_of(ended.trailer, "x-before"), ["1"])
        expect(f"{kind}: late trailer", values_of(ended.trailer, "x-after"), ["2"])


def repeated_keys():
    for kind in KINDS:
        ended = call_wire(kind, "metadata", "", metadata=[("x-sent", "1"), ("x-sent", "2")])
        expect(f"{kind}: seen by the server", ended.ok().text, "1, 2")
        expect(f"{kind}: header", values_of(ended.header, "x-many"), ["a", "b"])
        expect(f"{kind}: trailer", values_of(ended.trailer, "x-many"), ["c", "d"])


def binary_metadata():
    sent = bytes(range(256))
    for kind in KINDS:
        ended = call_wire(kind, "metadata", "", metadata=[("x-sent-bin", sent)])
        ended.ok()
        expect(f"{kind}: header", values_of(ended.header, "x-echo-bin"), [sent])
        expect(f"{kind}: trailer", values_of(ended.trailer, "x-echo-bin"), [sent])


def error_details():
    for kind in KINDS:
        ended = call_wire(kind, "fail", "")
        expect(f"{kind}: violations", ended.violations, ["text: is wrong"])
        expect(f"{kind}: message", ended.message, "the text is wrong: send another")


def cancel():
    for kind in KINDS:
        note = str(uuid.uuid4())
        call = start_wire(kind, "hang", note)
        ask("read", f"{note} begun")
        call.cancel()
        ended = end_of_stream(call) if kind in STREAMS else end_of(call)
        expect(kind, ended.code, StatusCode.CANCELLED)
        expect(f"{kind}: seen by the handler", ask("read", note), "canceled")


def deadline_is_sent():
    remaining_ms = int(call_wire("Unary", "timeout", "", timeout=30).ok().text)
    # The library rounds the timeout up to a value with few digits.
    expect(f"{remaining_ms} ms is about half a minute", 0 < remaining_ms <= 31_000, True)


def deadline_ends_call():
    for kind in KINDS:
        note = str(uuid.uuid4())
        expect(kind, call_wire(kind, "hang", note, timeout=1).code, StatusCode.DEADLINE_EXCEEDED)
        # If the client's timer is first, the client has reset the stream.
        seen = ask("read", note)
        expect(f"{kind}: {seen} is seen by the handler", seen in ("deadline_exceeded", "canceled"), True)


def keepalive():
    note = str(uuid.uuid4())
    with open_channel(
        "INTEROP_PROXY", keepalive_time_ms=100, keepalive_timeout_ms=10_000, http2__max_pings_without_data=0
    ) as channel:
        call = start_wire("ServerStream", "headers-first", note, channel=channel)
        call.initial_metadata()
        ask("pings", "2")
        _headers_come_first(call, note)


CASES = (
    unary,
    server_stream,
    client_stream,
    bidi_stream,
    headers_at_once_server_stream,
    headers_at_once_bidi_stream,
    trailers_on_success,
    trailers_on_failure,
    repeated_keys,
    binary_metadata,
    error_details,
    cancel,
    deadline_is_sent,
    deadline_ends_call,
    keepalive,
)
