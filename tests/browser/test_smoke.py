"""The app starts and shows its front page."""

from playwright.sync_api import expect

from tests.browser.viewer import Viewer


def test_front_page_has_a_heading(viewer: Viewer):
    page = viewer.open("/")
    expect(page.get_by_role("heading").first).to_be_visible()
