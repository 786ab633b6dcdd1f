"""Our reader (validator, then Avro C) against Python's avro: what Python writes, we read as it was meant;
of what was damaged, we read nothing that Python reads otherwise. No broker."""
import base64
import io
import json
import random
import struct
import subprocess

import avro.io
import pytest

import witness
from program import binary

RECORDS = 300
TEXTS = ["", "a", "é€😀", "a\x00b", "\u07ff\uffff", "x" * 200]


def value_of(schema, rng):
    """A random value of that schema."""
    kind = schema.type
    if kind == "record":
        return {field.name: value_of(field.type, rng) for field in schema.fields}
    if kind in ("union", "error_union"):
        return value_of(rng.choice(schema.schemas), rng)
    if kind == "array":
        return [value_of(schema.items, rng) for _ in range(rng.choice([0, 0, 1, 3]))]
    if kind == "map":
        return {f"k{i}é": value_of(schema.values, rng) for i in range(rng.choice([0, 1, 3]))}
    return {
        "null": lambda: None,
        "boolean": lambda: rng.random() < 0.5,
        "int": lambda: rng.choice([0, -1, 1, 63, -65, 2**31 - 1, -2**31, rng.randrange(-2**31, 2**31)]),
        "long": lambda: rng.choice([0, -1, 64, 2**63 - 1, -2**63, rng.randrange(-2**63, 2**63)]),
        "float": lambda: rng.choice([0.0, -1.5, 2.0**100]),
        "double": lambda: rng.choice([0.0, -1.5, 1e300, rng.random()]),
        "string": lambda: rng.choice(TEXTS),
        "bytes": lambda: rng.choice([b"", b"{}", b"\xff\x00", bytes(rng.randrange(256) for _ in range(50))]),
        "enum": lambda: rng.choice(list(schema.symbols)),
        "fixed": lambda: bytes(rng.randrange(256) for _ in range(schema.size)),
    }[kind]()


def shown(schema, value):
    """The value as our JSON has it."""
    kind = schema.type
    if kind == "record":
        return {field.name: shown(field.type, value[field.name]) for field in schema.fields}
    if kind in ("union", "error_union"):
        return shown(next(s for s in schema.schemas if avro.io.validate(s, value)), value)
    if kind == "array":
        return [shown(schema.items, item) for item in value]
    if kind == "map":
        return {key: shown(schema.values, item) for key, item in value.items()}
    if kind == "fixed":
        return value.hex()
    if kind == "bytes":
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    return value


def encode(name, value):
    out = io.BytesIO()
    avro.io.DatumWriter(witness.SCHEMAS[name]).write(value, avro.io.BinaryEncoder(out))
    return b"\xc3\x01" + witness.FINGERPRINTS[name].to_bytes(8, "little") + out.getvalue()


def read(records):
    """What our reader says of each: its JSON, or None."""
    data = b"".join(struct.pack("<I", len(record)) + record for record in records)
    done = subprocess.run([binary("umbra-read-records")], input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().split("\n")[:-1]
    assert len(lines) == len(records)
    return [None if line.startswith("! ") else json.loads(line) for line in lines]


@pytest.mark.parametrize("name", sorted(witness.SCHEMAS))
def test_what_python_writes_is_read_as_it_was_meant(name):
    rng = random.Random(name)
    values = [value_of(witness.SCHEMAS[name], rng) for _ in range(RECORDS)]
    for value, got in zip(values, read([encode(name, value) for value in values])):
        assert got == shown(witness.SCHEMAS[name], value)


def damage(record, rng):
    record = bytearray(record)
    at = rng.randrange(10, len(record))
    how = rng.randrange(3)
    if how == 0:
        del record[at:]
    elif how == 1:
        record[at] ^= 1 << rng.randrange(8)
    else:
        record.insert(at, rng.randrange(256))
    return bytes(record)


@pytest.mark.parametrize("name", sorted(witness.SCHEMAS))
def test_of_what_was_damaged_nothing_is_read_that_python_reads_otherwise(name):
    rng = random.Random(name)
    records = [damage(encode(name, value_of(witness.SCHEMAS[name], rng)), rng) for _ in range(RECORDS)]
    answers = read(records)
    for record, got in zip(records, answers):
        if got is not None:
            assert got == shown(witness.SCHEMAS[name], witness.decode(record)[1])
    assert None in answers, "no damage was noticed"
