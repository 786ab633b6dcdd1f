"""An independent witness of Umbra's topics, written from the design's words and not from our C: reads
and writes records with Debian's confluent_kafka and avro, computes fingerprints, sampling decisions
and partitions. For the tests and the demo.

    for record in witness.read("localhost:9092", "umbra.events"):
        kind, fields = witness.decode(record.value)
"""
import collections
import io
import json
import pathlib
import time

import avro.io
import avro.schema
import xxhash
from confluent_kafka import Consumer, KafkaException, TopicPartition

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "schemas"
CRC_EMPTY = 0xC15D213AA4D7A795

Record = collections.namedtuple("Record", "key value headers partition offset timestamp")


# --- schemas ---------------------------------------------------------------------------------------

def crc64(data):
    """CRC-64-AVRO."""
    crc = CRC_EMPTY
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (CRC_EMPTY if crc & 1 else 0)
    return crc


def _without_logical_types(node):
    """{"type": "long", "logicalType": ...} as "long": times stay numbers of microseconds, and
    python3-avro's canonical form is the specification's."""
    if isinstance(node, list):
        return [_without_logical_types(child) for child in node]
    if not isinstance(node, dict):
        return node
    if "logicalType" in node:
        return node["type"]
    return {key: _without_logical_types(child) for key, child in node.items()}


def parse(text):
    return avro.schema.parse(json.dumps(_without_logical_types(json.loads(text))))


def fingerprint(schema):
    return crc64(schema.canonical_form.encode())


SCHEMAS = {path.stem: parse(path.read_text()) for path in sorted(FOLDER.glob("*.avsc"))}
FINGERPRINTS = {name: fingerprint(schema) for name, schema in SCHEMAS.items()}
_NAMES = {number: name for name, number in FINGERPRINTS.items()}


def encode(name, fields):
    """A record in the single-object encoding."""
    out = io.BytesIO(b"\xc3\x01" + FINGERPRINTS[name].to_bytes(8, "little"))
    out.seek(0, io.SEEK_END)
    avro.io.DatumWriter(SCHEMAS[name]).write(fields, avro.io.BinaryEncoder(out))
    return out.getvalue()


def decode(data):
    """(name of the schema, fields); ValueError when the bytes are none of our records."""
    if data is None or data[:2] != b"\xc3\x01" or len(data) < 10:
        raise ValueError("not in the single-object encoding")
    name = _NAMES.get(int.from_bytes(data[2:10], "little"))
    if name is None:
        raise ValueError(f"unknown fingerprint {data[2:10].hex()}")
    rest = io.BytesIO(data[10:])
    fields = avro.io.DatumReader(SCHEMAS[name]).read(avro.io.BinaryDecoder(rest))
    if rest.read(1):
        raise ValueError("bytes left over")
    return name, fields


def inference_request(payload, request_id="", content_type="", accept=None, headers=None,
                      target_variant=None, created_at=0):
    """An InferenceRequest's bytes."""
    return encode("inference_request", {
        "request_id": request_id, "content_type": content_type, "accept": accept, "payload": payload,
        "headers": headers or {}, "target_variant": target_variant, "created_at": created_at})


# --- topics ----------------------------------------------------------------------------------------

def read(brokers, topic, seconds=60):
    """All records of the topic up to its present end, by partition and offset."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "witness",
                         "enable.auto.commit": False, "fetch.wait.max.ms": 10})
    try:
        return _read(consumer, topic, time.monotonic() + seconds)
    finally:
        consumer.close()


def _read(consumer, topic, deadline):
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    marks = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)
             for p in partitions}
    ends = {p: high for p, (low, high) in marks.items() if high > low}
    consumer.assign([TopicPartition(topic, p, marks[p][0]) for p in ends])
    records = []
    while ends:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{topic} could not be read to its end")
        for message in consumer.consume(1000, timeout=0.2):
            if message.error() is not None:
                raise KafkaException(message.error())
            if message.offset() < ends.get(message.partition(), -1):
                records.append(Record(message.key(), message.value(), message.headers() or [],
                                      message.partition(), message.offset(),
                                      message.timestamp()[1]))
        for place in consumer.position([TopicPartition(topic, p) for p in ends]):
            if place.offset >= ends[place.partition]:
                del ends[place.partition]
    return sorted(records, key=lambda record: (record.partition, record.offset))


def read_decoded(brokers, topic, name="invocation_event"):
    """The fields of the topic's records of that schema; other kinds and tombstones are left out."""
    decoded = [decode(record.value) for record in read(brokers, topic) if record.value is not None]
    return [fields for kind, fields in decoded if kind == name]


# --- decisions -------------------------------------------------------------------------------------

def _bytes(text):
    return text.encode() if isinstance(text, str) else bytes(text)


def sampling_seed(test, created_generation):
    return xxhash.xxh3_64_intdigest(_bytes(f"sample/{test}/{created_generation}"))


def sampling_hash(key, seed):
    """`key`: the request id, or the record's key."""
    return xxhash.xxh3_64_intdigest(_bytes(key), seed=seed)


def sampling_k(percentage):
    return round(percentage * 10**4)


def sampling_takes(number, k):
    """k = 10^6 makes the bound 2^64, which every hash is below."""
    return number < k * 2**64 // 10**6


def is_sampled(test, created_generation, percentage, key):
    number = sampling_hash(key, sampling_seed(test, created_generation))
    return sampling_takes(number, sampling_k(percentage))


def unsigned(number):
    """The hash in an event: a long that bears the bits of an unsigned one."""
    return number % 2**64


def event_partition(request_id, partitions):
    """Where the events of a request lie in umbra.events."""
    return xxhash.xxh3_64_intdigest(_bytes(request_id)) % partitions


def digest(body):
    """The response_digest of an event."""
    return xxhash.xxh3_128_digest(_bytes(body))


def murmur2(data):
    """Java's Kafka client's hash of a key, as a signed 32-bit number."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) - len(data) % 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if len(data) % 4:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    h ^= h >> 15
    return h - 2**32 if h >= 2**31 else h


def murmur2_partition(key, partitions):
    return (murmur2(_bytes(key)) & 0x7FFFFFFF) % partitions
