"""Laptops."""

import pcbook_pb2
import pcbook_pb2_grpc
from google.protobuf import timestamp_pb2
from grpc import StatusCode

from cases import expect
from classic_calls import channel, failed

laptops = pcbook_pb2_grpc.LaptopServiceStub(channel)


def new_laptop(**changes):
    """A laptop with everything that a laptop has."""
    gigabytes, terabytes = pcbook_pb2.Memory.GIGABYTE, pcbook_pb2.Memory.TERABYTE
    fields = {
        "brand": "Interop",
        "name": "Python 1",
        "cpu": pcbook_pb2.CPU(
            brand="AMD", name="Ryzen 7 PRO 2700U", number_cores=4, number_threads=8, min_ghz=2.2, max_ghz=3.8
        ),
        "ram": pcbook_pb2.Memory(value=32, unit=gigabytes),
        "gpus": [
            pcbook_pb2.GPU(
                brand="AMD",
                name="RX Vega-56",
                min_ghz=1.1,
                max_ghz=1.5,
                memory=pcbook_pb2.Memory(value=8, unit=gigabytes),
            )
        ],
        "storages": [
            pcbook_pb2.Storage(driver=pcbook_pb2.Storage.SSD, memory=pcbook_pb2.Memory(value=1, unit=terabytes))
        ],
        "screen": pcbook_pb2.Screen(
            size_inch=14.5,
            resolution=pcbook_pb2.Screen.Resolution(width=1920, height=1080),
            panel=pcbook_pb2.Screen.IPS,
            multitouch=False,
        ),
        "keyboard": pcbook_pb2.Keyboard(layout=pcbook_pb2.Keyboard.AZERTY, backlit=True),
        "weight_lb": 3.3,
        "price_usd": 1799.95,
        "release_year": 2025,
        "updated_at": timestamp_pb2.Timestamp(seconds=1),
    }
    return pcbook_pb2.Laptop(**{**fields, **changes})


def create(laptop):
    """The id of a laptop that is created."""
    return laptops.CreateLaptop(pcbook_pb2.CreateLaptopRequest(laptop=laptop)).id


def create_laptop():
    expect("length of an id", len(create(new_laptop())), 36)
    chosen = new_laptop(id="6fa459ea-ee8a-3ca4-894e-db77e160355e", price_usd=2417.839202874)
    expect("chosen id", create(chosen), chosen.id)
    failed(StatusCode.ALREADY_EXISTS, chosen.id, lambda: create(chosen))


def create_laptop_refused():
    for field, value in {"id": "invalid", "price_usd": -1, "name": ""}.items():
        laptop = new_laptop(**{field: value})
        failed(StatusCode.INVALID_ARGUMENT, field, lambda laptop=laptop: create(laptop))
    failed(StatusCode.INVALID_ARGUMENT, "laptop", lambda: create(None))


CASES = (create_laptop, create_laptop_refused)
