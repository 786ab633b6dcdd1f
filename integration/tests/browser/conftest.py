"""What the page's tests look at: integration/demo itself, left running, and numbers written by hand."""
import os

import pytest

from chromium import Browser
from demo import Running
from written import Written


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """At a terminal, so its 3,000 requests take half a minute, or what UMBRA_DEMO_RATE makes of them."""
    rate = os.environ.get("UMBRA_DEMO_RATE")
    demo = Running(tmp_path_factory.mktemp("demo"), *(["--rate", rate] if rate else []))
    yield demo
    demo.stop()
    left = demo.left_after()
    demo.end()
    assert not left, f"the demo's own words do not stop {left}"


@pytest.fixture(scope="session")
def window(demo):
    browser = Browser(demo.address)
    yield browser
    browser.close()


@pytest.fixture
def page(window):
    yield from watched(window)


@pytest.fixture(scope="session")
def written(kafka, tmp_path_factory):
    written = Written(kafka, tmp_path_factory.mktemp("written"))
    yield written
    written.close()


@pytest.fixture(scope="session")
def written_window(written):
    browser = Browser(written.origin)
    yield browser
    browser.close()


@pytest.fixture
def written_page(written_window):
    """The numbers that are written by hand, in a browser of their own."""
    yield from watched(written_window)


def watched(window):
    """The browser, wide and light; afterwards it must have found nothing wrong, and asked nobody else."""
    window.size(1400, 1600)
    window.prefer("light")
    window.errors(), window.requested()
    yield window
    assert window.errors() == []
    assert [url for url in window.requested() if not url.startswith((window.origin, "data:", "about:"))] == []
