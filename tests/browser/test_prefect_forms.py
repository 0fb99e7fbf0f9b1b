"""The Prefect UI in a real browser: a person starts `day` and `backfill` from their forms."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, sync_playwright

from rouxing.stack.api import PrefectApi
from rouxing.stack.server import ServerHandle, running_server
from tests.plugins.prefect import eventually, running_up, wait_for_line

pytestmark = [pytest.mark.browser, pytest.mark.prefect]

# Both lie in the past of the city at any time of day.
BUSINESS_DATE = "2026-06-16"
SMALL_CITY = {
    "ROUXING_CITY_STORES": "4",
    "ROUXING_CITY_DAYS": "35",
    "ROUXING_BUSINESS_DATE": "2026-06-18",
    "ROUXING_CITY_PORT": "0",
    "ROUXING_VENDOR_URL": "http://127.0.0.1",
}
DEPLOYMENT = "/deployments/deployment"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on the PATH; install the package `chromium`")
    # Chromium refuses its sandbox to root, as in a container.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser.new_page(viewport={"width": 1180, "height": 1100})
        browser.close()


@pytest.fixture(scope="module")
def stack(page: Page, up_state: Path) -> Iterator[ServerHandle]:
    """The whole stack of `rouxing up` with a small city."""
    with running_up(up_state, SMALL_CITY) as (process, log):
        wait_for_line(process, log, "Rouxing: ready")
        server = running_server(up_state)
        assert server is not None
        yield server


def test_the_form_of_day_explains_itself_refuses_a_wrong_value_and_starts_a_run(
    page: Page, stack: ServerHandle
) -> None:
    api = PrefectApi(stack.api_url)
    deployment = open_form(page, stack, api, "day/manual")
    assert "Day to plan, in Asia/Shanghai. Leave empty for today." in help_of(page)
    assert any(text.startswith("Off (default): a dry run") for text in help_of(page))

    fill_json(page, "business_date", "5")
    assert refusal(page) == "5 is not valid under any of the given schemas"
    assert runs_of(api, deployment) == []

    fill_json(page, "business_date", f'"{BUSINESS_DATE}"')
    run = submit(page, api, deployment)
    assert run["parameters"] == {"business_date": BUSINESS_DATE, "as_of": None, "send": False}
    assert ended(api, run)["name"] == f"day {BUSINESS_DATE}"


def test_the_form_of_backfill_wants_its_dates_and_previews_first(page: Page, stack: ServerHandle) -> None:
    api = PrefectApi(stack.api_url)
    deployment = open_form(page, stack, api, "backfill/manual")
    assert any(text.startswith("On (default): only list the partitions") for text in help_of(page))

    assert "required" in refusal(page)
    assert runs_of(api, deployment) == []

    fill_json(page, "start_date", '"2026-06-10"')
    fill_json(page, "end_date", '"2026-06-12"')
    run = submit(page, api, deployment)
    assert run["parameters"]["preview"] is True
    assert ended(api, run)["name"] == "backfill 2026-06-10..2026-06-12 preview"


def open_form(page: Page, stack: ServerHandle, api: PrefectApi, name: str) -> str:
    """Id of the deployment whose "Custom run" form is open now."""
    deployment = str(api.get(f"/deployments/name/{name}")["id"])
    page.goto(f"{stack.ui_url}{DEPLOYMENT}/{deployment}")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()
    page.locator(".schema-form-property").first.wait_for()
    return deployment


def help_of(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".schema-form-property__description").all_inner_texts()]


def fill_json(page: Page, parameter: str, value: str) -> None:
    """Type the value as JSON: the one input that can hold any value, wrong ones included."""
    field = field_of(page, parameter)
    editor = field.locator("textarea")
    if editor.count() == 0:
        field.locator(".schema-form-property-menu button").first.click()
        page.get_by_text("Use JSON input").click()
    editor.fill(value)


def field_of(page: Page, parameter: str) -> Locator:
    label = page.locator(".schema-form-property__label", has_text=parameter)
    return page.locator(".schema-form-property").filter(has=label)


def refusal(page: Page) -> str:
    """What the form says to its submission; it stays open."""
    page.get_by_role("button", name="Submit").click()
    message = page.locator(".schema-form-property .p-label__message").first
    message.wait_for()
    assert "/run?" in page.url
    return message.inner_text()


def submit(page: Page, api: PrefectApi, deployment: str) -> dict[str, Any]:
    """The run that the form started; submitted again, as a person would, when a busy server took nothing."""
    button = page.get_by_role("button", name="Submit")
    button.click()
    if not eventually(lambda: runs_of(api, deployment), within_s=30) and button.is_visible():
        button.click()
    (run,) = eventually(lambda: runs_of(api, deployment), within_s=30)
    return run


def runs_of(api: PrefectApi, deployment: str) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = api.post("/flow_runs/filter", {"deployments": {"id": {"any_": [deployment]}}})
    return runs


def ended(api: PrefectApi, run: dict[str, Any]) -> dict[str, Any]:
    """The run once the worker finished it, completed."""

    def final() -> dict[str, Any] | None:
        now: dict[str, Any] = api.get(f"/flow_runs/{run['id']}")
        return now if now["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None

    last = eventually(final, within_s=300)
    assert last is not None, "the run did not end"
    assert last["state_type"] == "COMPLETED", last["state"]["message"]
    return last
