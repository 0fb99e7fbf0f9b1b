"""The report of one plan as one HTML file that needs no network."""

from __future__ import annotations

from functools import cache
from importlib import resources

import jinja2
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from rouxing.model.dates import SHANGHAI
from rouxing.report import explanation, judgement, sections
from rouxing.report.charts import Chart, chart_json, demand_chart, quota_chart, staff_chart, staff_stores_left_out
from rouxing.report.districts import district_names, districts_by_load
from rouxing.report.headline import day_sentence, key_figures
from rouxing.report.judgement_charts import calibration_chart, horizon_chart
from rouxing.report.numbers import yuan
from rouxing.report.plan_report import PlanReport
from rouxing.report.shortages import shortage_table
from rouxing.report.trade_off import sensitivity_table, trade_off_chart, trade_off_table
from rouxing.report.why import reason_table
from rouxing.report.words import RUNGS, VERDICTS, Words, day_words, trouble_words


def render_plan_page(report: PlanReport) -> str:
    """One self-contained HTML page: Chinese first, English behind a button, charts and their library embedded.

    About 5 MB, nearly all of it the chart library. Names from the data are escaped. The same report gives the same
    page, byte for byte.
    """
    return (
        _environment()
        .get_template("plan_page.html.j2")
        .render(
            report=report,
            as_of=report.as_of.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
            day=day_words(report.business_date),
            sentence=day_sentence(report),
            figures=key_figures(report),
            rung=RUNGS[report.rung],
            fallback_cost="" if report.fallback_cost_fen is None else yuan(report.fallback_cost_fen),
            troubles=[trouble_words(line) for line in report.rung_reason.splitlines()],
            verdict=VERDICTS[report.verdict],
            districts=districts_by_load(report.store_days),
            shortages=shortage_table(report),
            reasons=reason_table(report),
            trade_offs=trade_off_table(report.trade_offs),
            sensitivities=sensitivity_table(report.sensitivities),
            explanations=explanation.explanation_table(report),
            alerts=judgement.alert_list(report.alerts, district_names(report)),
            champion=judgement.champion_words(report.champion),
            rule_use=judgement.rule_words(explanation.explained_today(report)["method"]),
            groups=judgement.group_table(report.boards, district_names(report)),
            sections=sections,
            charts={
                "demand": demand_chart(report),
                "staff": staff_chart(report),
                "quotas": quota_chart(report),
                "horizon": horizon_chart(report.boards),
                "calibration": calibration_chart(report.boards),
                "trade_off": trade_off_chart(report.trade_offs),
            },
            staff_stores_left_out=staff_stores_left_out(report),
            plotly_script=Markup(get_plotlyjs()),
        )
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rouxing.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = _both_languages
    environment.filters["chart_json"] = _chart_json
    environment.globals["t"] = lambda zh, en: _both_languages(Words(zh, en))
    environment.globals["asset"] = _asset
    return environment


def _chart_json(chart: Chart) -> Markup:
    return Markup(chart_json(chart))


def _asset(name: str) -> Markup:
    # Our own style and script: not templates, so neither rendered nor escaped.
    return Markup(resources.files("rouxing.report").joinpath("templates", name).read_text(encoding="utf-8"))


def _both_languages(text: Words | str) -> Markup:
    if isinstance(text, str):
        return escape(text)
    if text.zh == text.en:
        return escape(text.zh)
    return Markup('<span class="zh" lang="zh-CN">{}</span><span class="en" lang="en">{}</span>').format(
        text.zh, text.en
    )
