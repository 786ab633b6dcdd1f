"""Definition files as the tests need them: Python values become libconfig text.

    definitions(endpoint("churn", [variant("v1", model.url)]),
                test("v2-test", "churn", [variant("v2", other.url)], sampling=50))
"""


def variant(name, url, **settings):
    return {"name": name, "url": url, "timeout": "2s", **settings}


def endpoint(name, variants, **settings):
    """Reads from the earliest record unless told otherwise, on 4 partitions."""
    return "endpoints", {"name": name, "from": "earliest", "partitions": 4, "replication": 1,
                         "variants": variants, **settings}


def test(name, on, variants, **settings):
    return "tests", {"name": name, "endpoint": on, "sampling": 100.0, "variants": variants,
                     **settings}


test.__test__ = False  # a word of the domain, not a test of pytest's


def definitions(*objects):
    """The text of a definition file that holds these objects."""
    groups = {}
    for kind, settings in objects:
        groups.setdefault(kind, []).append(settings)
    return "".join(f"{kind} = {_text(members)};\n" for kind, members in groups.items())


def _text(value):
    if isinstance(value, dict):
        return "{ " + " ".join(f"{k} = {_text(v)};" for k, v in value.items()) + " }"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "( " + ", ".join(map(_text, value)) + " )"
    if isinstance(value, list):
        return "[ " + ", ".join(map(_text, value)) + " ]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
