"""Laptops."""

import base64
import os
import queue
import struct
import urllib.request
import zlib

import pcbook_pb2
import pcbook_pb2_grpc
from google.protobuf import timestamp_pb2
from grpc import StatusCode

from cases import expect
from classic_calls import channel, failed

laptops = pcbook_pb2_grpc.LaptopServiceStub(channel)


def new_laptop(**changes):
    """Creates a laptop with all fields."""
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
    """Creates a laptop, and returns its ID."""
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


def search_laptop():
    # A price like those of the tutorial, with more decimals than Money.
    price = 2417.8392028741123
    laptop = new_laptop(name="Python searched", price_usd=price)
    laptop.cpu.number_cores = 78
    laptop.id = create(laptop)

    def find(max_price, **ram):
        wanted = pcbook_pb2.Filter(max_price_usd=max_price, min_cpu_cores=78, min_cpu_ghz=2.2)
        if ram:
            wanted.min_ram.CopyFrom(pcbook_pb2.Memory(**ram))
        return [each.laptop for each in laptops.SearchLaptop(pcbook_pb2.SearchLaptopRequest(filter=wanted))]

    (found,) = find(price, value=32 * 1024, unit=pcbook_pb2.Memory.MEGABYTE)
    expect("time is the server's", found.updated_at.seconds > 1, True)
    found.updated_at.CopyFrom(laptop.updated_at)
    expect("laptop", found, laptop)
    expect("with more RAM", find(price, value=33, unit=pcbook_pb2.Memory.GIGABYTE), [])
    expect("cheaper", find(2417), [])


def rate_laptop():
    laptop_id = create(new_laptop(name="Python rated"))
    scores = queue.SimpleQueue()
    call = laptops.RateLaptop(iter(scores.get, None))
    for at, (score, average) in enumerate(((8, 8), (7.5, 7.75), (10, 8.5))):
        scores.put(pcbook_pb2.RateLaptopRequest(laptop_id=laptop_id, score=score))
        want = pcbook_pb2.RateLaptopResponse(laptop_id=laptop_id, rated_count=at + 1, average_score=average)
        expect("rating", next(call), want)
    scores.put(pcbook_pb2.RateLaptopRequest(laptop_id=NOBODY, score=5))
    failed(StatusCode.NOT_FOUND, NOBODY, lambda: next(call))
    scores.put(None)


def upload_image():
    laptop_id = create(new_laptop(name="Python pictured"))
    for image_type, data in (("png", PNG), (".PNG", PNG), ("jpg", JPEG), (".jpeg", JPEG)):
        uploaded = upload(info(laptop_id, image_type), *chunks(data, 50))
        expect("size", uploaded.size, len(data))
        with urllib.request.urlopen(f"http://{os.environ['INTEROP_BOURSE']}/uploads/{uploaded.id}") as response:
            expect("downloaded", response.read(), data)


def upload_image_refused():
    laptop_id = create(new_laptop(name="Python not pictured"))
    image = chunks(PNG, 2**16)
    large = chunks(bytes(2**20 + 1), 2**16)
    refused = (
        (StatusCode.NOT_FOUND, NOBODY, [info(NOBODY, "png"), *image]),
        (StatusCode.INVALID_ARGUMENT, "info", image),
        (StatusCode.INVALID_ARGUMENT, "is empty", [info(laptop_id, "png")]),
        (StatusCode.INVALID_ARGUMENT, "image/png", [info(laptop_id, "jpg"), *image]),
        (StatusCode.INVALID_ARGUMENT, "unknown type", [info(laptop_id, "../../etc/passwd"), *image]),
        (StatusCode.INVALID_ARGUMENT, "1048576", [info(laptop_id, "png"), *large]),
    )
    for code, text, requests in refused:
        failed(code, text, lambda requests=requests: upload(*requests))


def upload_image_cancel():
    laptop_id = create(new_laptop(name="Python canceled"))
    requests = queue.SimpleQueue()
    call = laptops.UploadImage.future(iter(requests.get, None))
    for request in (info(laptop_id, "png"), *chunks(PNG, 2**16)):
        requests.put(request)
    call.cancel()
    expect("end", call.code(), StatusCode.CANCELLED)
    requests.put(None)


def upload(*requests):
    return laptops.UploadImage(iter(requests))


def info(laptop_id, image_type):
    return pcbook_pb2.UploadImageRequest(info=pcbook_pb2.ImageInfo(laptop_id=laptop_id, image_type=image_type))


def chunks(data, size):
    return [
        pcbook_pb2.UploadImageRequest(chunk_data=data[start : start + size]) for start in range(0, len(data), size)
    ]


def _png():
    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height, bits, rgb = 16, 12, 8, 2
    header = struct.pack(">IIBBBBB", width, height, bits, rgb, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((x * 16, y * 20, 200)[c] for x in range(width) for c in range(3)) for y in range(height))
    image = part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + image


PNG = _png()
"""An image of 16 by 12 pixels."""

JPEG = base64.b64decode(
    "/9j/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////2wBD"
    "AVVaWnhpeOuCguv/////////////////////////////////////////////////////////////////////////wAARCAABAAED"
    "ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAA"
    "AP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AIgA/9k="
)
"""An image of one pixel."""

NOBODY = "00000000-0000-4000-8000-000000000000"

CASES = (
    create_laptop,
    create_laptop_refused,
    search_laptop,
    rate_laptop,
    upload_image,
    upload_image_refused,
    upload_image_cancel,
)
