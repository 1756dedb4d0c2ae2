"""What the cases of the classic services call with."""

import os

import grpc

from cases import CaseFailed, expect


def open_channel(**options):
    """A channel to the server; options are those of grpc, without "grpc."."""
    arguments = [("grpc." + name, value) for name, value in options.items()]
    return grpc.insecure_channel(os.environ["INTEROP_BOURSE"], options=arguments)


channel = open_channel()


def failed(code, text, call):
    """Fails the case unless a call fails with the code and a message that has a text; returns that message."""
    try:
        answer = call()
    except grpc.RpcError as error:
        expect(f"code ({error.details()})", error.code(), code)
        if text not in error.details():
            raise CaseFailed(f"message: got {error.details()}, want {text}") from error
        return error.details()
    raise CaseFailed(f"the call was to fail with {code}: got {str(answer)[:200]}")


def values_of(metadata, key):
    """The values of a key."""
    return [value for name, value in metadata if name == key]
