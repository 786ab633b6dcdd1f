"""Our records against Python's avro and xxhash, and what may not change. No broker."""
import json
import pathlib
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import witness  # noqa: E402

FOLDER = witness.FOLDER


def published():
    """schemas/fingerprints: the C tests hold our own computation against the same file."""
    rows = (line.split() for line in (FOLDER / "fingerprints").read_text().splitlines())
    return {name: int(number, 16) for number, name in rows}


def test_fingerprints_equal_those_of_pythons_canonical_form():
    assert witness.FINGERPRINTS == published()


def test_crc64_of_the_specification():
    assert witness.crc64(b'"null"').to_bytes(8, "little").hex() == "8a8f25cce724dd63"
    assert witness.crc64(b'"string"').to_bytes(8, "little").hex() == "c70345637248018f"


def named(node):
    """Every record, enum and fixed, and every record's field."""
    children = node if isinstance(node, list) else node.values() if isinstance(node, dict) else []
    if isinstance(node, dict) and "name" in node:
        yield node
    for child in children:
        yield from named(child)


@pytest.mark.parametrize("name", sorted(witness.SCHEMAS))
def test_every_type_and_field_is_documented(name):
    for node in named(json.loads((FOLDER / f"{name}.avsc").read_text())):
        assert node.get("doc", "").strip(), f"{name}: {node['name']}"


@pytest.mark.parametrize("key, expected", [
    (b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536),
    (b"a-little-bit-longer-string", -1486304829),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971), (b"abc", 479470107),
])
def test_murmur2_is_that_of_kafkas_java_client(key, expected):
    assert witness.murmur2(key) == expected


def test_sampling_vectors_are_those_of_the_c_test():
    """The same rows stand in common/sampling_test.c."""
    for test, generation, key, expected in SAMPLING_VECTORS:
        seed = witness.sampling_seed(test, generation)
        assert witness.sampling_hash(key, seed) == expected


@settings(max_examples=200)
@given(st.text(min_size=1), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_smaller_sample_lies_in_a_larger_one(key, a, b):
    number = witness.sampling_hash(key, witness.sampling_seed("t", 1))
    small, large = sorted((a, b))
    assert not witness.sampling_takes(number, small) or witness.sampling_takes(number, large)


@settings(max_examples=100)
@given(st.binary(min_size=1), st.text(), st.none() | st.text(), st.dictionaries(st.text(), st.text()))
def test_a_request_is_read_as_it_was_written(payload, request_id, accept, headers):
    data = witness.inference_request(payload, request_id, accept=accept, headers=headers)
    name, fields = witness.decode(data)
    assert name == "inference_request"
    assert (fields["payload"], fields["request_id"], fields["accept"], fields["headers"]) == (
        payload, request_id, accept, headers)


@pytest.mark.parametrize("data", [None, b"", b"\xc3\x01", b"{}", b"\xc3\x01" + bytes(8),
                                  witness.inference_request(b"x") + b"y"])
def test_what_is_no_record_of_ours_is_refused(data):
    with pytest.raises(ValueError):
        witness.decode(data)


SAMPLING_VECTORS = [
    ("churn-v2-vs-v1", 1, "", 0x2232f358016716e9),
    ("churn-v2-vs-v1", 1, "a", 0x1dcd01e2cd2f0a84),
    ("churn-v2-vs-v1", 2, "a", 0x2122aa7ed0aedadb),
    ("churn-v2-vs-v1", 17, "churn.requests-0-12345", 0x0ca187435e1285d5),
    ("other", 17, "churn.requests-0-12345", 0x7044020d4e2a8864),
    ("x", 9223372036854775807, "k" * 300, 0xf37b494eae85c203),
]
