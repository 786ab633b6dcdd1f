"""What the page must show: the report's numbers and the API's, as a person reads them."""
import datetime
import json
import urllib.request


def ask(address, path):
    with urllib.request.urlopen(f"{address}/api/v1/{path}", timeout=10) as answer:
        return json.load(answer)


def told(report, key):
    """The report's number that stands under the page's key."""
    population, role, name, path = key.split("|", 3)
    population, _, candidate = population.partition(":")
    if population in ("accounting", "comparison", "quality"):
        [place] = [a for a in report[population] if a["role"] == role and a["variant"] == name]
    else:
        [place] = [v for v in report["variants"] if (v["population"], v["role"], v["name"]) == (population, role, name)
                   and v.get("compared_with", "") == candidate]
    if path == "losses":
        return sum(place["losses"].values())
    for word in path.split("."):
        place = place.get(word, 0) if path.startswith("outcomes.") and word != "outcomes" else place[word]
    return place


def as_text(key, number):
    """As a person reads it."""
    if number is None:
        return "–"
    name = key.rpartition(".")[2]
    if name in ("accuracy", "precision", "recall", "f1"):
        return f"{100 * number:.2f} %"
    if name in ("log_loss", "brier"):
        return f"{number:.4f}"
    if "_us." not in key:
        return f"{number:,}"
    size = abs(number)
    return (f"{number:.0f} µs" if size < 1e3 else f"{number / 1e3:.2f} ms" if size < 1e6 else f"{number / 1e6:.2f} s")


def as_value(number, unit):
    """Of a series, by the unit that it names."""
    if number is None:
        return "–"
    if unit == "us":
        return as_text("x_us.x", number)
    if unit == "bytes":
        size, names = number, ["B", "KiB", "MiB", "GiB"]
        while size >= 1024:
            size, names = size / 1024, names[1:]
        return f"{size:.0f} B" if names[0] == "B" else f"{size:.1f} {names[0]}"
    if unit in ("ratio", "percent"):
        return f"{100 * number:.2f} %" if unit == "ratio" else f"{number:.1f} %"
    return f"{number:,.0f}"


def table_of(data):
    """{time: texts} of a series: what a chart's table must say."""
    return {datetime.datetime.utcfromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M:%S"): [as_value(v, data["unit"]) for v in values]
            for ms, *values in data["points"]}
