"""Master data the chain keeps by hand: stores, SKUs, centres, campaigns and their calendar, and consents."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from rouxing.city import marketing, names
from rouxing.city.rows import CENTRE_CODES, Value, campaign_code, district_code, rfc3339, sku_code, store_code
from rouxing.city.streams import DAY_SECONDS, NONE, Columns, Ints, day_seconds, draw, stack
from rouxing.city.tables import FOREVER
from rouxing.city.world import World, campaign_start
from rouxing.model.feeds import WHOLE_CHAIN

Row = dict[str, Value]
MASTER_SECONDS = 5 * 60
ANNOUNCED_SECONDS = 10 * 3600
CONSENT_SECONDS = 10 * 60
SHELF_MINIMUM = 3  # units
CONSENTING_SHARE, PREFERENCE_SHARE, WITHDRAWAL_SHARE = 0.97, 0.35, 0.03
# Daily budget over the usual quotas: the burst goes beyond it, except where a campaign is protected.
CAMPAIGN_SPARE, PROTECTED_SPARE = 1.35, 1.6


def master_rows(world: World) -> dict[str, list[Row]]:
    """Rows of the feeds stores, skus, distribution_centres and campaigns, known when history begins, and promotions."""
    known = day_seconds(world.parameters.first_day) + MASTER_SECONDS
    shared: Row = {
        "valid_from": world.parameters.first_day.isoformat(),
        "valid_to": None,
        "modified": rfc3339(np.array([known]))[0],
    }
    feeds: dict[str, list[Row]] = {
        "stores": _stores(world),
        "skus": _skus(world),
        "distribution_centres": [
            {"dc_id": code, "dc_name": name} for code, name in zip(CENTRE_CODES, names.CENTRES, strict=True)
        ],
        "campaigns": [*_campaigns(world), *_past_and_coming(world)],
    }
    shown = {feed: [shared | row for row in rows] for feed, rows in feeds.items()}
    return shown | {"promotions": _promotions(world)}


def _stores(world: World) -> list[Row]:
    stores = world.stores
    return [
        {
            "store_id": store_code(i),
            "store_name": stores.names[i],
            "district_id": district_code(int(stores.district[i])),
            "district_name": world.districts[stores.district[i]],
            "dc_id": CENTRE_CODES[stores.centre[i]],
            "lead_time_days": int(stores.lead_days[i]),
            "opens_slot": int(stores.opens_slot[i]),
            "closes_slot": int(stores.closes_slot[i]),
            "pickup_capacity_day": None if stores.capacity_day[i] == NONE else int(stores.capacity_day[i]),
            "pickup_capacity_slot": int(stores.capacity_slot[i]),
            "counters": int(stores.counters[i]),
            "handover_seconds": int(stores.handover_seconds[i]),
            "ambient_volume_ml": int(stores.ambient_ml[i]),
            "cold_volume_ml": int(stores.cold_ml[i]),
        }
        for i in range(world.store_count)
    ]


def _skus(world: World) -> list[Row]:
    skus = world.skus
    return [
        {
            "sku_id": sku_code(i),
            "sku_name": skus.names[i],
            "storage_class": "cold" if skus.is_cold[i] else "ambient",
            "price_fen": int(skus.price_fen[i]),
            "margin_fen": int(skus.margin_fen[i]),
            "holding_fen": int(skus.holding_fen[i]),
            "pack_units": int(skus.pack_units[i]),
            "shelf_life_days": int(skus.shelf_life_days[i]),
            "volume_ml": int(skus.volume_ml[i]),
            # Cold cabinets are filled by what sells; shelves look empty below a few.
            "minimum_units": None if skus.is_cold[i] else SHELF_MINIMUM,
        }
        for i in range(world.sku_count)
    ]


def _campaigns(world: World) -> list[Row]:
    of_stock = np.bincount(world.cells.stock, weights=world.cells.base_quota, minlength=len(names.STOCKS))
    rows: list[Row] = []
    for i, facts in enumerate(names.CAMPAIGNS):
        spare = PROTECTED_SPARE if facts.is_protected else CAMPAIGN_SPARE
        daily = sum(of_stock[j] for j, stock in enumerate(names.STOCKS) if stock.campaign == i) * spare
        start = campaign_start(world.parameters, facts.starts_before_days)
        days = (world.parameters.business_date - start).days + 30
        rows.append(
            {
                "campaign_id": campaign_code(i),
                "campaign_name": f"{facts.name}（模拟）",
                "budget_coupons": round(daily * days),
                "daily_budget_coupons": round(daily),
                "is_protected": facts.is_protected,
                "valid_from": start.isoformat(),
            }
        )
    return rows


def _past_and_coming(world: World) -> list[Row]:
    """Campaigns of the other pushes of the year; the standing coupon stocks carry them, so they pay for none."""
    return [
        {
            "campaign_id": push.campaign_id,
            "campaign_name": f"{push.name}（模拟）",
            "budget_coupons": 0,
            "daily_budget_coupons": 0,
            "is_protected": False,
            "valid_from": push.first_day.isoformat(),
            "valid_to": push.last_day.isoformat(),
        }
        for push in marketing.pushes(world.parameters)
        if push.campaign_id not in (names.MAIN_CAMPAIGN, names.MEMBER_CAMPAIGN)
    ]


def _promotions(world: World) -> list[Row]:
    """The marketing calendar in order of announcement: a grade for the whole chain, and a higher one where it is."""
    beginning = day_seconds(world.parameters.first_day) + MASTER_SECONDS
    rows: list[tuple[int, Row]] = []
    for push in marketing.pushes(world.parameters):
        usual = day_seconds(push.first_day - marketing.ANNOUNCED_BEFORE) + ANNOUNCED_SECONDS
        announced = max(beginning, usual)
        moment = rfc3339(np.array([announced]))[0]
        shared: Row = {"campaign_id": push.campaign_id, "announced_at": moment, "modified": moment}
        rows += [(announced, shared | row) for row in _promotion_days(world, push)]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _promotion_days(world: World, push: marketing.Push) -> list[Row]:
    days = (push.first_day + timedelta(days=number) for number in range(len(push.lift)))
    return [
        {"business_date": day.isoformat(), "area_id": area, "intensity_tier": tier}
        for day in days
        if day >= world.parameters.first_day
        for area, tier in _areas(marketing.planned_tiers(world, push, day).tolist())
    ]


def _areas(tiers: list[int]) -> list[tuple[str, int]]:
    """The grade every district has at least, and the districts that have more."""
    everywhere = min(tiers)
    more = [(district_code(i), tier) for i, tier in enumerate(tiers) if tier > everywhere]
    return [(WHOLE_CHAIN, everywhere), *more]


def consents(world: World) -> Columns:
    """Consents of all customers as decided before history began, and those withdrawn since."""
    seed, people = world.parameters.seed, np.arange(len(world.openids))
    granted = draw(seed, people, "grant") < CONSENTING_SHARE
    first = day_seconds(world.parameters.first_day)
    decided = first - (draw(seed, people, "since") * 300 * DAY_SECONDS).astype(np.int64) - 3600
    known = np.full(len(people), first + CONSENT_SECONDS)
    prefer = people[draw(seed, people, "prefer") < PREFERENCE_SHARE]
    leavers = people[granted & (draw(seed, people, "leave") < WITHDRAWAL_SHARE)]
    span = (world.parameters.days + 1) * DAY_SECONDS
    left = first + DAY_SECONDS // 2 + (draw(seed, leavers, "leaves") * span).astype(np.int64)
    return stack(
        [
            _consent(people, 0, granted.astype(np.int64), decided, known),
            _consent(prefer, 1, np.ones_like(prefer), decided[prefer] + 60, known[prefer]),
            _consent(leavers, 0, np.zeros_like(leavers), left, left + 30),
        ]
    )


def _consent(customer: Ints, purpose: int, granted: Ints, decided: Ints, known: Ints) -> Columns:
    return {
        "customer": customer,
        "purpose": np.full(len(customer), purpose),
        "granted": granted,
        "decided": decided,
        "document": customer * 2 + purpose,
        "modified": known,
        "visible": known,
        "gone": np.full(len(customer), FOREVER),
    }
