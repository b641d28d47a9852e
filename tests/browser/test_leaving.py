"""A page that is left for another one while a run goes on: the other one comes, and stays."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.browser.test_back import go, walk
from tests.browser.test_playground import LONG, PROGRESS, button, link, start, wait_for_progress
from tests.browser.viewer import Viewer

#: Milliseconds between two looks at a run, and more; how many of them the page has patience for.
LOOK, MAX_LOOKS = 500, 20


class Line:
    """The page's connection to its server, on which the way to another page can be made long."""

    def __init__(self, page: Page) -> None:
        self.asked: list[BackMsg] = []
        self._here = ""
        self._long = self._left = self._mistaken = False
        self._page = page
        page.route_web_socket(re.compile("_stcore/stream"), self._join)

    def _join(self, browser: WebSocketRoute) -> None:
        self._server = browser.connect_to_server()
        browser.on_message(self._on_question)

    def _on_question(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        question = BackMsg.FromString(message)
        whole = not question.rerun_script.fragment_id
        if self._mistaken and whole:
            self._mistaken = False
            question.rerun_script.page_script_hash = self._here
            message = question.SerializeToString()
        elif whole:
            self._here = question.rerun_script.page_script_hash
        self._left = self._left or whole
        if self._long and self._left:
            self.asked.append(question)
        else:
            self._server.send(message)

    def hold(self) -> None:
        """From now on, the first question for a whole page and all that come after it do not arrive."""
        self._long, self._left, self.asked = True, False, []

    def release(self) -> None:
        """Let it arrive."""
        self._long = False
        for question in self.asked:
            self._server.send(question.SerializeToString())

    def mistake(self) -> None:
        """The next question for another page is answered with the one that is there."""
        self._mistaken = True

    def looks(self, times: int) -> None:
        """Let time pass in the page, for so many looks at a run."""
        for _ in range(times):
            self._page.clock.run_for(LOOK)


@pytest.fixture
def line(viewer: Viewer) -> Line:
    """To a page whose clock the test moves."""
    line = Line(viewer.page)
    viewer.page.clock.install()
    return line


def article(page: Page) -> Locator:
    return page.get_by_role("heading", name="The article, checked")


def watch_a_run(viewer: Viewer) -> None:
    """On the playground, with the article behind it in the browser's history."""
    page = viewer.open(link(**LONG))
    start(page)
    go(page, "The article, checked")
    expect(article(page)).to_be_visible()
    go(page, "Playground")
    looked_again(page)


def looked_again(page: Page) -> None:
    """Until the page has looked at the run again: by then all that it brought with it is at work."""
    expect(page.locator(PROGRESS)).not_to_have_text(wait_for_progress(page, r"epoch \d+"))
    expect(button(page, "Cancel")).to_be_enabled()


def comes_and_stays(viewer: Viewer, there: Locator) -> None:
    expect(there).to_be_visible()
    viewer.settle()
    expect(there).to_be_visible()


def wait_patiently(page: Page) -> None:
    """However slow the machine is, the page is not given back before the other one comes.

    Unless the page's `patience`, in milliseconds, says when.
    """

    def patient(route: Route) -> None:
        script = route.fetch().text()
        assert script.count("(stay, TIMEOUT_MS)") == 1
        script = script.replace("(stay, TIMEOUT_MS)", "(stay, window.patience ?? 1e9)")
        route.fulfill(body=script, content_type="text/javascript")

    page.route("**/leaving.js*", patient)


# That pages are left by links, at rest, is a part of the journey in `test_arrival`.
@pytest.mark.fuzz
def test_nothing_is_asked_of_a_page_that_is_left(viewer: Viewer, line: Line):
    """By a link, by Back, and by a link to the first page, one after the other while a run goes on."""
    wait_patiently(viewer.page)
    watch_a_run(viewer)
    page = viewer.page

    def leave(way: Callable[[], object], there: Locator, questions: int) -> None:
        line.hold()
        way()
        line.looks(10)
        # The page is still seen, and somebody goes on using it.
        button(page, "Cancel").click(force=True)
        line.looks(2)
        assert not any(each.rerun_script.fragment_id for each in line.asked)
        assert len(line.asked) == questions
        line.release()
        comes_and_stays(viewer, there)

    leave(lambda: go(page, "The article, checked"), article(page), 1)
    go(page, "Playground")
    looked_again(page)
    # Streamlit asks, and what guards the page once more.
    leave(lambda: page.evaluate("history.back()"), article(page), 2)
    go(page, "Inside the LSTM")
    expect(page.get_by_role("heading", name="Inside the LSTM")).to_be_visible()
    looked_again(page)
    first = page.get_by_role("heading", name="Is masking required")
    leave(lambda: go(page, "Playground"), first, 1)

    # Somebody who thinks better of leaving is back at once, and can use the page.
    looked_again(page)
    line.hold()
    go(page, "The article, checked")
    go(page, "Playground")
    line.looks(10)
    assert not any(each.rerun_script.fragment_id for each in line.asked)
    assert len(line.asked) == 2, "for the other page, and for this one again"
    line.release()
    button(page, "Cancel").click()
    expect(button(page, "Train")).to_be_visible()


@pytest.mark.fuzz
def test_a_page_is_left_right_after_a_press_and_given_back_where_no_other_comes(
    viewer: Viewer, line: Line
):
    page = viewer.page
    # The press comes before anything on the page hears of the step back.
    page.add_init_script("addEventListener('popstate', () => window.press?.(), true)")
    wait_patiently(page)
    watch_a_run(viewer)
    menu = page.get_by_test_id("stSidebar")
    there = menu.get_by_role("link", name="The article, checked")
    for leave in (
        lambda: there.evaluate("link => { press(); link.click(); }"),
        lambda: page.evaluate("history.back()"),
    ):
        button(page, "Cancel").evaluate(
            "cancel => window.press = () => { window.press = null; cancel.click(); }"
        )
        leave()
        comes_and_stays(viewer, article(page))
        go(page, "Playground")
        expect(page.get_by_role("heading", name="Is masking required")).to_be_visible()
        viewer.settle()
        # The press may have ended the run, or have come too late for that.
        if button(page, "Train").count():
            start(page)
        looked_again(page)

    page.evaluate("window.patience = 10_000")
    line.hold()
    go(page, "The article, checked")
    line.looks(MAX_LOOKS + 1)
    button(page, "Cancel").click()
    assert len(line.asked) > 1
    line.release()


@pytest.mark.fuzz
def test_pages_at_rest_are_left_whatever_comes_between(viewer: Viewer, line: Line):
    """One session that goes from page to page."""
    wait_patiently(viewer.page)
    viewer.open("/audit")
    walk(viewer, "The article, checked")
    walk(viewer, "Inside the LSTM")
    expect_the_other_page_where_the_first_comes_once_more(viewer, line)
    expect_nothing_to_be_entered_by_going_back(viewer, line)
    expect_a_link_that_is_drawn_anew_to_keep_the_session(viewer)


def expect_the_other_page_where_the_first_comes_once_more(viewer: Viewer, line: Line) -> None:
    """As when a run of it is being given up while the other begins: see `leaving.js`.

    From the inside page, to which the article led; to the article, by a link and by Back.
    """
    page = viewer.page
    steps = page.evaluate("history.length")
    line.mistake()
    go(page, "The article, checked")
    comes_and_stays(viewer, article(page))
    assert page.evaluate("history.length") == steps + 1
    page.go_back()
    comes_and_stays(viewer, page.get_by_role("heading", name="Inside the LSTM", level=1))
    line.mistake()
    page.evaluate("history.back()")
    comes_and_stays(viewer, article(page))


def expect_nothing_to_be_entered_by_going_back(viewer: Viewer, line: Line) -> None:
    """A value that is typed and not entered yet."""
    page = viewer.page
    go(page, "Playground")
    page.get_by_role("radio", name="In front", exact=True).click()
    page.wait_for_url(re.compile("side=pre"), wait_until="commit")
    viewer.settle()
    page.get_by_role("spinbutton", name="Pad value").fill("3")
    line.hold()
    page.evaluate("history.go(-2)")
    line.looks(2)
    assert all(each.rerun_script.is_history_navigation for each in line.asked)
    assert len(line.asked) == 2, "for the other page, and once more"
    line.release()
    comes_and_stays(viewer, article(page))


def expect_a_link_that_is_drawn_anew_to_keep_the_session(viewer: Viewer) -> None:
    """A link that is replaced as it is clicked."""
    page = viewer.page
    page.evaluate("window.loaded = 'once'")
    menu, inside = page.get_by_test_id("stSidebar"), page.get_by_role("heading", name="Inside the LSTM")
    # What is clicked is taken out, and another one with its address stands there.
    menu.get_by_role("link", name="Inside the LSTM").evaluate(
        """link => {
            const old = link.cloneNode(true);
            link.after(old);
            old.click();
            old.remove();
        }"""
    )
    expect(inside).to_be_visible()
    viewer.settle()
    assert page.evaluate("window.loaded") == "once"
    # Where none stands there is still a way: by its address.
    menu.get_by_role("link", name="The article, checked").evaluate(
        "link => { link.click(); link.remove(); }"
    )
    page.wait_for_function("() => !window.loaded")
    expect(article(page)).to_be_visible()


def expect_links_to_lead_to_pages_of_the_folder(viewer: Viewer) -> None:
    """In this tab or another, and back; from the first page."""
    page = viewer.page
    comes_and_stays(viewer, page.get_by_role("heading", name="Is masking required"))
    page.evaluate("window.loaded = 'once'")
    here = page.url
    there = page.get_by_test_id("stSidebar").get_by_role("link", name="The article, checked")
    for key in ("Control", "Shift"):
        with viewer.context.expect_page() as opened:
            there.click(modifiers=[key])
        opened.value.wait_for_url(f"{viewer.base_url}/article", wait_until="commit")
        opened.value.close()
        assert page.url == here
    there.click()
    comes_and_stays(viewer, article(page))
    page.go_back()
    comes_and_stays(viewer, page.get_by_role("heading", name="Is masking required"))
    expect(page.locator('[data-testid="stMain"]:not([inert])')).to_be_attached()
    assert page.evaluate("window.loaded") == "once"
