"""The cases of a complete server: products, quotes, health and reflection."""

import json
import queue

from grpc import ChannelConnectivity, StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from calls import bourse, end_of, end_of_stream, open_channel, start_bourse, values_of
from cases import expect

PRODUCTS = "bourse.product.v1.ProductService"
QUOTES = "bourse.quote.v1.QuoteService"


def list_products():
    call = start_bourse(f"{PRODUCTS}.ListProducts", {})
    (total,) = values_of(call.initial_metadata(), "bourse-total-count")
    ended = end_of_stream(call)
    ended.ok()
    expect("products", len(ended.responses), int(total))
    expect("trailer", values_of(ended.trailer, "bourse-sent-count"), [total])


def get_product():
    listing = start_bourse(f"{PRODUCTS}.ListProducts", {})
    listed = next(listing).product
    listing.cancel()
    expect("product", _get(listed.id).ok().product, listed)
    expect("missing", _get("00000000-0000-4000-8000-000000000000").code, StatusCode.NOT_FOUND)


def create_product():
    price = {"currencyCode": "EUR", "units": "250"}
    draft = {"product": {"name": "Desk", "price": price, "laptop": {"brand": "none"}}}
    made = end_of(start_bourse(f"{PRODUCTS}.CreateProduct", draft)).ok().product
    got = _get(made.id).ok().product
    expect("product", (got.name, got.price.units, got.laptop.brand), ("Desk", 250, "none"))


def invalid_product():
    ended = end_of(start_bourse(f"{PRODUCTS}.CreateProduct", {"product": {"name": ""}}))
    expect("code", ended.code, StatusCode.INVALID_ARGUMENT)
    expect("fields", [each.split(": ")[0] for each in ended.violations], ["product.name"])


def watch_quotes():
    listed = end_of(start_bourse(f"{QUOTES}.ListInstruments", {})).ok()
    symbol = listed.instruments[0].symbol
    call = start_bourse(f"{QUOTES}.WatchQuotes", {"symbols": [symbol, "NO.SUCH"]})
    first = next(call)
    expect("stream id", [first.started.stream_id], values_of(call.initial_metadata(), "bourse-stream-id"))
    unknown_symbol, live = 2, 2
    expect("status of NO.SUCH", first.started.subscriptions[1].status, unknown_symbol)
    quoted = next(response for response in call if response.phase == live and response.quotes)
    expect("symbol", quoted.quotes[0].symbol, symbol)
    call.cancel()
    expect("end", end_of_stream(call).code, StatusCode.CANCELLED)


def health_check():
    health = health_pb2_grpc.HealthStub(bourse)
    for service in ("", QUOTES):
        checked = health.Check(health_pb2.HealthCheckRequest(service=service))
        expect(f"status of {service}", checked.status, health_pb2.HealthCheckResponse.SERVING)
    missing = health.Check.future(health_pb2.HealthCheckRequest(service="no.Such"))
    expect("missing", end_of(missing).code, StatusCode.NOT_FOUND)


def health_watch():
    health = health_pb2_grpc.HealthStub(bourse)
    response = health_pb2.HealthCheckResponse
    for service, status in (("", response.SERVING), ("no.Such", response.SERVICE_UNKNOWN)):
        call = health.Watch(health_pb2.HealthCheckRequest(service=service))
        expect(f"status of {service}", next(call).status, status)
        call.cancel()


def health_helper():
    # The library watches the health of a service, and selects servers by it.
    for service, want in ((QUOTES, ChannelConnectivity.READY), ("no.Such", ChannelConnectivity.TRANSIENT_FAILURE)):
        check = {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": service}}
        with open_channel("INTEROP_BOURSE", service_config=json.dumps(check)) as channel:
            states = queue.SimpleQueue()
            channel.subscribe(states.put, try_to_connect=True)
            while states.get() is not want:
                pass


def reflection():
    database = ProtoReflectionDescriptorDatabase(bourse)
    services = set(database.get_services())
    expect("missing", {PRODUCTS, QUOTES, "grpc.health.v1.Health"} - services, set())
    file = database.FindFileContainingSymbol(PRODUCTS)
    expect("file", file.name, "bourse/product/v1/product_service.proto")
    expect("import", database.FindFileByName("google/type/money.proto").message_type[0].name, "Money")


def _get(product_id):
    return end_of(start_bourse(f"{PRODUCTS}.GetProduct", {"id": product_id}))


CASES = (
    list_products,
    get_product,
    create_product,
    invalid_product,
    watch_quotes,
    health_check,
    health_watch,
    health_helper,
    reflection,
)
