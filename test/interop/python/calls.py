"""Calls with grpcio, of any method and kind."""

import os
from dataclasses import dataclass

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from messages import from_dict, method_of, request_type, response_type

KINDS = ("Unary", "ServerStream", "ClientStream", "BidiStream")
"""The methods of the wire service, one of each kind."""

STREAMS = ("ServerStream", "BidiStream")
"""The methods with a response stream."""


def open_channel(variable, **options):
    """Opens a channel to the address in an environment variable. The options are gRPC options without the prefix."""
    compression = options.pop("compression", None)
    arguments = [("grpc." + name.replace("__", "."), value) for name, value in options.items()]
    return grpc.insecure_channel(os.environ[variable], options=arguments, compression=compression)


wire = open_channel("INTEROP_WIRE")
"""The channel of most cases."""

bourse = open_channel("INTEROP_BOURSE")
"""The channel to the complete server."""


def start(channel, name, requests, **options):
    """Starts a call. Returns a future for one response, or an iterator for a stream."""
    method = method_of(name)
    path = f"/{method.containing_service.full_name}/{method.name}"
    inward = "stream" if method.client_streaming else "unary"
    outward = "stream" if method.server_streaming else "unary"
    make = getattr(channel, f"{inward}_{outward}")
    callable_ = make(path, request_type(method).SerializeToString, response_type(method).FromString)
    call = callable_ if method.server_streaming else callable_.future
    return call(iter(requests) if method.client_streaming else requests[0], **options)


def start_wire(kind, scenario, *texts, channel=wire, **options):
    """Starts a call of the wire service with a request for each text."""
    return start(channel, f"test.wire.v1.WireService.{kind}", wire_requests(scenario, *texts), **options)


def wire_requests(scenario, *texts):
    method = method_of("test.wire.v1.WireService.Unary")
    return [request_type(method)(scenario=scenario, text=text) for text in texts]


def start_bourse(name, fields, **options):
    """Starts a call of the complete server with one request, in JSON form."""
    return start(bourse, name, [from_dict(method_of(name), fields)], **options)


@dataclass
class Ended:
    """The outcome of a call."""

    responses: list
    header: list
    trailer: list
    code: grpc.StatusCode
    message: str
    violations: list

    def ok(self):
        """Returns the last response. Fails the case if the call failed."""
        if self.code is not grpc.StatusCode.OK:
            raise AssertionError(f"the call failed with {self.code}: {self.message}")
        return self.responses[-1]


def end_of(call):
    """Waits for the end of a call with one response."""
    return _end_of(call, lambda: [call.result()])


def end_of_stream(call):
    """Reads the remaining responses of a stream, and waits for its end."""
    responses = []
    return _end_of(call, lambda: responses.extend(call) or responses)


def _end_of(call, read):
    responses, violations = [], []
    try:
        responses = read()
    except grpc.RpcError as error:
        violations = _violations_of(error)
    except grpc.FutureCancelledError:
        pass
    header, trailer = (list(metadata or ()) for metadata in (call.initial_metadata(), call.trailing_metadata()))
    return Ended(responses, header, trailer, call.code(), call.details() or "", violations)


def call_wire(kind, scenario, *texts, **options):
    """Makes a complete call of the wire service."""
    call = start_wire(kind, scenario, *texts, **options)
    return end_of_stream(call) if kind in STREAMS else end_of(call)


def ask(scenario, text=""):
    """Returns the text of the response to a unary call of the wire service."""
    return call_wire("Unary", scenario, text).ok().text


def values_of(metadata, key):
    """Returns the values of a key."""
    return [value for name, value in metadata if name == key]


def _violations_of(error):
    status = rpc_status.from_call(error)
    violations = []
    for detail in status.details if status else ():
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            violations += [f"{each.field}: {each.description}" for each in bad.field_violations]
    return violations
