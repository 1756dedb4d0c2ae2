"""Calls of the classic services."""

import os

import grpc

from cases import CaseFailed, expect


def open_channel(**options):
    """Opens a channel to the server. The options are gRPC options without the prefix."""
    arguments = [("grpc." + name, value) for name, value in options.items()]
    return grpc.insecure_channel(os.environ["INTEROP_BOURSE"], options=arguments)


channel = open_channel()


def failed(code, text, call):
    """Fails the case unless a call fails with the code and a message that contains a text. Returns the message."""
    try:
        answer = call()
    except grpc.RpcError as error:
        expect(f"code ({error.details()})", error.code(), code)
        if text not in error.details():
            raise CaseFailed(f"message: got {error.details()}, want {text}") from error
        return error.details()
    raise CaseFailed(f"the call succeeded, want {code}: got {str(answer)[:200]}")


def values_of(metadata, key):
    """Returns the values of a key."""
    return [value for name, value in metadata if name == key]
