"""What the page's tests look at: integration/demo itself, left running, and one browser."""
import os

import pytest

from chromium import Browser
from demo import Running


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
    """The browser, wide and light; afterwards it must have found nothing wrong, and asked nobody else."""
    window.size(1400, 1600)
    window.prefer("light")
    window.errors(), window.requested()
    yield window
    assert window.errors() == []
    assert [url for url in window.requested() if not url.startswith((window.origin, "data:", "about:"))] == []
