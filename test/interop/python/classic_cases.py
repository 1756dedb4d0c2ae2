"""The cases of all classic services except laptops."""

import queue
import re

import helloworld_pb2
import helloworld_pb2_grpc
import productinfo_pb2
import productinfo_pb2_grpc
import streamserver_pb2
import streamserver_pb2_grpc
import streamservice_pb2
import streamservice_pb2_grpc
from grpc import StatusCode

from cases import CaseFailed, expect
from classic_calls import channel, failed, open_channel, values_of

products = productinfo_pb2_grpc.ProductInfoStub(channel)
server = streamserver_pb2_grpc.StreamServerStub(channel)
service = streamservice_pb2_grpc.StreamServiceStub(channel)

ORDER_COUNT = 1000
"""The number of demo orders of the server."""

LARGEST = 5 * 2**20
"""More than the maximum message size of the server."""


def get_products():
    size = 150
    call = products.getProducts(productinfo_pb2.ProductRequest(size=size))
    expect("token", values_of(call.initial_metadata(), "token"), ["hello"])
    received = list(call)
    expect("ids", [product.id for product in received], list(range(1, size + 1)))
    expect("names that are not empty and differ", len({product.name for product in received} - {""}), size)
    for number in range(1, size + 1):
        expect("trailer", values_of(call.trailing_metadata(), f"end{number}"), [f"end{number}"])


def get_products_bad_size():
    for size in (0, -1, 1001):
        call = products.getProducts(productinfo_pb2.ProductRequest(size=size))
        failed(StatusCode.INVALID_ARGUMENT, "size", lambda call=call: list(call))
        expect("token", values_of(call.initial_metadata(), "token"), [])


def get_products_cancel():
    call = products.getProducts(productinfo_pb2.ProductRequest(size=150))
    next(call)
    call.cancel()
    failed(StatusCode.CANCELLED, "", lambda: list(call))


def get_products_header_list_size():
    # The limit that the library announces by default is above its soft limit, so this sets both.
    with open_channel(max_metadata_size=8192, absolute_max_metadata_size=8192) as bounded:
        stub = productinfo_pb2_grpc.ProductInfoStub(bounded)
        request = productinfo_pb2.ProductRequest
        message = failed(StatusCode.RESOURCE_EXHAUSTED, "exceed", lambda: list(stub.getProducts(request(size=1000))))
        fits = int(message.split()[-4])
        call = stub.getProducts(request(size=fits))
        expect("products", len(list(call)), fits)
        expect("last trailer", values_of(call.trailing_metadata(), f"end{fits}"), [f"end{fits}"])
    # The library also announces its limit.
    failed(StatusCode.RESOURCE_EXHAUSTED, "exceed", lambda: list(products.getProducts(request(size=1000))))


def route():
    answer = server.Route(streamserver_pb2.SimpleRequest(data="grpc"))
    expect("answer", (answer.code, answer.value), (200, "grpc"))


def list_value():
    call = server.ListValue(streamserver_pb2.SimpleRequest(data="stream "))
    expect("values", [each.stream_value for each in call], [f"stream {digit}" for digit in range(5)])


def list_value_quotes():
    call = server.ListValue(streamserver_pb2.SimpleRequest(data="TEST"))
    values = [next(call).stream_value for _ in range(3)]
    if len(set(values)) < 3 or not all(value.startswith("TEST bid ") for value in values):
        raise CaseFailed(f"quotes of TEST: got {values}")
    call.cancel()
    failed(StatusCode.CANCELLED, "", lambda: list(call))


def sum_data():
    numbers = queue.SimpleQueue()
    call = service.SumData(iter(numbers.get, None))
    expect("before any number", next(call).number, 0)
    for at, number in enumerate((7, -7, 2**31 - 1)):
        numbers.put(streamservice_pb2.StreamSumData(number=number))
        expect("count", next(call).number, at + 1)
    numbers.put(None)
    expect("rest", list(call), [])


def server_stream():
    stub = helloworld_pb2_grpc.ServerStreamServerStub(channel)
    call = stub.ServerStream(helloworld_pb2.StreamText(data="hi"))
    expect("texts", [each.data for each in call], ["hi"] * 5)


def client_stream():
    expect("joined", _join("a", "b", "", "ü").data, "a,b,,ü")
    expect("nothing", _join().data, "")


def client_stream_too_long():
    failed(StatusCode.RESOURCE_EXHAUSTED, "1,048,576", lambda: _join(*["x" * 2**19] * 3))


def all_stream():
    texts = queue.SimpleQueue()
    call = helloworld_pb2_grpc.AllStreamServerStub(channel).AllStream(iter(texts.get, None))
    for at in range(5):
        expect("data", next(call).data, str(at))
        texts.put(helloworld_pb2.StreamText(data="client"))
    texts.put(None)
    expect("rest", list(call), [])


def order_list():
    orders = []
    # The server is still creating the demo orders after its start.
    while len(orders) < ORDER_COUNT:
        orders = [each.order for each in service.OrderList(streamservice_pb2.OrderSearchParams())]
    expect("ids", [order.id for order in orders], list(range(1, ORDER_COUNT + 1)))
    for order in orders:
        if not order.orderSn or not re.fullmatch(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", order.date):
            raise CaseFailed(f"order: got {order}")


def order_list_cancel():
    call = service.OrderList(streamservice_pb2.OrderSearchParams())
    call.cancel()
    failed(StatusCode.CANCELLED, "", lambda: list(call))


def upload_file():
    for texts in (["eins", "zwei"], []):
        expect("answer", _upload_files(*texts), streamservice_pb2.UploadResponse())


def upload_file_too_much():
    failed(StatusCode.RESOURCE_EXHAUSTED, "4,194,304", lambda: _upload_files(*["x" * 2**20] * 5))


def message_too_large():
    request = streamserver_pb2.SimpleRequest(data="x" * LARGEST)
    failed(StatusCode.RESOURCE_EXHAUSTED, "bytes that Route accepts", lambda: server.Route(request))


def _upload_files(*texts):
    return service.UploadFile(
        streamservice_pb2.StreamUploadList(image=streamservice_pb2.Image(fileName="python.txt", file=text))
        for text in texts
    )


def _join(*texts):
    stub = helloworld_pb2_grpc.ClientStreamServerStub(channel)
    return stub.ClientStream(helloworld_pb2.StreamText(data=text) for text in texts)


CASES = (
    get_products,
    get_products_bad_size,
    get_products_cancel,
    get_products_header_list_size,
    route,
    list_value,
    list_value_quotes,
    sum_data,
    server_stream,
    client_stream,
    client_stream_too_long,
    all_stream,
    order_list,
    order_list_cancel,
    upload_file,
    upload_file_too_much,
    message_too_large,
)
