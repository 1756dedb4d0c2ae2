"""The cases of compression and of messages at and above the limits."""

import json

import grpc
from grpc import StatusCode

from calls import KINDS, ask, call_wire, open_channel, wire_requests
from cases import expect

MAX_MESSAGE_BYTES = 4 << 20
"""The server's limit for a message, in both directions."""


def gzip():
    text = "All the same. " * 50_000
    with open_channel("INTEROP_PROXY", compression=grpc.Compression.Gzip) as channel:
        for kind in KINDS:
            before = json.loads(ask("traffic"))
            expect(f"{kind}: text", call_wire(kind, "echo", text, channel=channel).ok().text == text, True)
            after = json.loads(ask("traffic"))
            for way in ("bytesUp", "bytesDown"):
                took = after[way] - before[way]
                expect(f"{kind}: {way} {took} is a fraction of {len(text)}", 0 < took < len(text) / 10, True)


def request_at_limit():
    text = _text_of_request(MAX_MESSAGE_BYTES)
    for kind in KINDS:
        expect(kind, call_wire(kind, "length", text).ok().text, str(len(text)))


def request_over_limit():
    text = _text_of_request(MAX_MESSAGE_BYTES + 1)
    for kind in KINDS:
        expect(kind, call_wire(kind, "length", text).code, StatusCode.RESOURCE_EXHAUSTED)
    expect("later", call_wire("ClientStream", "length", "a", text, "b").code, StatusCode.RESOURCE_EXHAUSTED)


def response_at_limit():
    with _generous() as channel:
        for kind in KINDS:
            response = call_wire(kind, "answer", str(MAX_MESSAGE_BYTES), channel=channel).ok()
            expect(f"{kind}: bytes", response.ByteSize(), MAX_MESSAGE_BYTES)


def response_over_limit():
    with _generous() as channel:
        for kind in KINDS:
            ended = call_wire(kind, "answer", str(MAX_MESSAGE_BYTES + 1), channel=channel)
            expect(kind, ended.code, StatusCode.RESOURCE_EXHAUSTED)


def _generous():
    # A larger limit than that of the server.
    return open_channel("INTEROP_WIRE", max_receive_message_length=2 * MAX_MESSAGE_BYTES)


def _text_of_request(size):
    # A text with which the request has this size.
    filler = "x" * (size // 2)
    overhead = wire_requests("length", filler)[0].ByteSize() - len(filler)
    return "x" * (size - overhead)


CASES = (gzip, request_at_limit, request_over_limit, response_at_limit, response_over_limit)
