"""The messages of all services, created at run time from their descriptors."""

import os

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def _load():
    with open(os.environ["INTEROP_DESCRIPTORS"], "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for each in files.file:
        pool.Add(each)
    return pool


_pool = _load()


def method_of(name):
    """Returns the descriptor of a method by its full name, for example "test.wire.v1.WireService.Unary"."""
    return _pool.FindMethodByName(name)


def request_type(method):
    return message_factory.GetMessageClass(method.input_type)


def response_type(method):
    return message_factory.GetMessageClass(method.output_type)


def from_dict(method, fields):
    """A method's request, with fields as JSON has them."""
    return json_format.ParseDict(fields, request_type(method)())
