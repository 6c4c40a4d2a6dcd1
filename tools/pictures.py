"""Take the pictures of the README and docs from the real pages, in headless Chromium.

``python tools/pictures.py`` needs ``make demo`` before it, and Debian's chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    """Write docs/pictures/*.png."""
    browser_path = shutil.which("chromium")
    if browser_path is None:
        sys.exit("no chromium: apt-get install chromium")
    out = ROOT / "docs" / "pictures"
    out.mkdir(parents=True, exist_ok=True)
    page_file = ROOT / "build" / "miami-talks" / "miami-talks.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1)
        page.goto(page_file.as_uri())
        page.wait_for_timeout(1500)
        page.screenshot(path=out / "miami-talks.png")
        select(page, "Steve Witkoff")
        page.locator("aside, [role=complementary]").last.get_by_text("United States").first.click()
        page.wait_for_timeout(1200)
        page.screenshot(path=out / "miami-talks-statement.png")
        browser.close()


def select(page: Page, name: str) -> None:
    """Find a node by name, as a reader does, and open its panel."""
    page.get_by_role("combobox").first.fill(name)
    page.keyboard.press("Enter")
    page.wait_for_timeout(1200)


if __name__ == "__main__":
    main()
