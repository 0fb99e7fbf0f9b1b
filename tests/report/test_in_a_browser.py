"""The page in a real headless Chromium, phone and desktop."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from rouxing.report.plan_page import render_plan_page
from rouxing.report.plan_report import FRAMES, PlanReport, PlanValues, empty_frame

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install chromium to see the page tested"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[[PlanReport, dict[str, int]], Page]]:
    """Opens a report and fails on any script error or any request beyond the file itself."""
    troubles: list[str] = []
    opened: list[Page] = []

    def open_report(report: PlanReport, viewport: dict[str, int]) -> Page:
        path = tmp_path / "report.html"
        path.write_text(render_plan_page(report), encoding="utf-8")
        page = browser.new_page(viewport=viewport)  # type: ignore[arg-type]
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: troubles.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        opened.append(page)
        return page

    yield open_report
    for page in opened:
        page.close()
    assert [trouble for trouble in troubles if not trouble.startswith("data:")] == []


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_charts_are_drawn_and_nothing_is_wider_than_the_screen(
    make_report: Callable[..., PlanReport], open_page: Callable[..., Page], viewport: dict[str, int]
) -> None:
    page = open_page(make_report(stores=12), viewport)
    assert page.locator(".chart .main-svg").count() >= 3
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        page.click(".language")


def test_the_button_switches_every_visible_text(
    make_report: Callable[..., PlanReport], open_page: Callable[..., Page]
) -> None:
    page = open_page(make_report(), DESKTOP)
    assert page.title().startswith("柔性自提计划")
    assert "预测" in page.locator('[data-chart="chart-demand"]').inner_text()
    page.click(".language")
    assert page.title().startswith("Rouxing pickup plan")
    legend = page.locator('[data-chart="chart-demand"]').inner_text()
    assert "Forecast" in legend
    assert not re.search("[\u4e00-\u9fff\ue000-\ue002]", legend)
    assert page.locator("select").first.locator("option").first.inner_text() == "All stores"
    page.click(".language")
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_a_store_and_a_day_can_be_chosen(
    make_report: Callable[..., PlanReport], open_page: Callable[..., Page]
) -> None:
    report = make_report()
    page = open_page(report, PHONE)
    store, day = page.locator("select").all()
    store.select_option("1")
    drawn = page.evaluate("document.querySelector('[data-chart=chart-demand]').data[5].y")
    first = report.forecast_days[report.forecast_days["store_id"] == "S000"].sort_values("date")
    assert drawn == pytest.approx(first["mean"].round(1).tolist())
    day.select_option("1")
    assert len(page.evaluate("document.querySelector('[data-chart=chart-staff]').data[0].z")) == 6


def test_folded_tables_unfold(make_report: Callable[..., PlanReport], open_page: Callable[..., Page]) -> None:
    page = open_page(make_report(stores=12), PHONE)
    folded = page.locator("table.folded").count()
    page.locator(".unfold").first.click()
    assert page.locator("table.folded").count() == folded - 1


def test_a_report_without_rows_opens_without_errors(
    make_report: Callable[..., PlanReport], open_page: Callable[..., Page]
) -> None:
    empty = {name: empty_frame(name) for name in FRAMES}
    page = open_page(make_report(**empty, rung="freeze", values=PlanValues()), PHONE)
    assert page.locator(".empty").count() >= 8
    page.click(".language")
    assert "Frozen" in page.locator(".labels").inner_text()
