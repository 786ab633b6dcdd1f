"""The page of a console that asks for a token, over HTTPS."""
import pytest
from selenium.webdriver.common.keys import Keys

from axe import complaints
from chromium import Browser
from test_console_security import OTHER, TOKEN, files, own_guarded  # noqa: F401 (fixtures)
from waiting import until


@pytest.fixture
def page(own_guarded):  # noqa: F811
    """Trusts the certificate that the test has made."""
    browser = Browser(f"https://localhost:{own_guarded.port}", 800, 900, ["--ignore-certificate-errors"])
    browser.driver.get(browser.origin + "/?sort_by=name")
    until(lambda: browser.all("dialog.token[open]"), "the page asks for the token")
    yield browser
    browser.close()


def enter(page, token):
    page.press(token, Keys.ENTER)


def test_a_person_enters_the_token_once_and_sees_the_list_live(ready, own_guarded, page):  # noqa: F811
    assert "This console asks for a token" in page.text("dialog")
    assert complaints(page) == []
    page.picture("token")
    page.press(Keys.ESCAPE, Keys.ESCAPE)
    until(lambda: page.run("return document.activeElement.id") == "token", "it is open again")
    enter(page, "short")
    assert page.all("dialog.token[open]")
    page.run("document.getElementById('token').value = ''")
    enter(page, OTHER)
    page.wait_text("does not know this token", "dialog")
    assert complaints(page) == []
    enter(page, TOKEN)
    page.wait_idle()
    assert not page.all("dialog") and not page.one("#banner").is_displayed()
    assert page.texts("main th a") == ["t", "u"]
    ready.run("umbractl", "set", "t", "sampling=7")
    page.wait_text("7 %")
    page.wait_text("Live", "#freshness")
    page.open("/system")
    assert not page.all("dialog"), "the tab remembers it"


def test_the_token_is_kept_in_this_tab_only(page):
    enter(page, TOKEN)
    page.wait_idle()
    assert TOKEN not in page.driver.current_url
    assert TOKEN not in page.run("return document.cookie + JSON.stringify({...localStorage})")
    assert not [url for url in page.requested() if TOKEN in url or not url.startswith(page.origin)]
    page.run("window.open('about:blank', '', 'noopener')")
    until(lambda: len(page.driver.window_handles) == 2, "another tab")
    page.driver.switch_to.window(page.driver.window_handles[1])
    page.driver.get(page.origin)
    until(lambda: page.all("dialog.token[open]"), "the other tab asks")
