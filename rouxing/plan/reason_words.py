"""What a reason says: one plain sentence for each limit that can set a number, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from typing import Any

from rouxing.model.words import Words

Row = Mapping[Hashable, Any]

HEAD = {
    "coupon_quota": Words(
        "{place}{day}「{article}」{change} {size} 张（{before} → {after}）",
        "{place}, {day}, {article}: {change} {size} coupons ({before} → {after})",
    ),
    "stock_transfer": Words(
        "{place}{day}到货「{article}」{after} 件{against}", "{place}, {day}: {after} units of {article} arrive{against}"
    ),
    "staff": Words("{place}{day}排 {after} 人时{against}", "{place}, {day}: {after} staff hours{against}"),
}

LOAD = Words("{store_zh}预计到店 {mean} 单{detail}", "{mean} pickups expected{store_en}{detail}")
# What a cut prevents is the load that the quota in force would bring.
LOAD_IN_FORCE = Words(
    "{store_zh}照现行额度预计到店 {mean} 单{detail}", "{mean} pickups expected{store_en} at the quota in force{detail}"
)
NO_LOAD = Words("没有到店预测", "no forecast of pickups")
COMMITTED = Words("其中 {committed} 单来自已领的券和预约", "{committed} of them from coupons out and bookings")
UPPER = Words("{share}把握不超过 {upper} 单", "{share} sure of no more than {upper}")
SURE = {
    "p75": Words("七成五", "75%"),
    "p90": Words("九成", "90%"),
    "p95": Words("九成五", "95%"),
}

# What holds the number, and what would have to change for one more unit.
QUOTA: dict[str, tuple[Words, Words]] = {
    "counter": (
        Words("{load}，柜台每天最多 {limit} 单", "{load}; the counter hands over at most {limit} a day"),
        Words("柜台每天再多办 1 单，可多发约 {coupons} 张", "one more pickup a day makes room for about {coupons}"),
    ),
    "staff": (
        Words("{load}，现有人手每天最多接待 {limit} 单", "{load}; the staff can serve at most {limit} a day"),
        Words(
            "加派人手，每天多接待 1 单可多发约 {coupons} 张",
            "with more staff, each further pickup a day makes room for about {coupons}",
        ),
    ),
    "stock": (
        Words("{load}，店里的货只够 {limit} 单", "{load}; the goods in the store last for {limit}"),
        Words("多备 1 单的货，可多发约 {coupons} 张", "goods for one more pickup make room for about {coupons}"),
    ),
    "slot": (
        Words(
            "{load}，最忙的半小时（{hour}）已排满，折合全天平均至多 {limit} 单",
            "{load}; the half hour of {hour} is full, which allows {limit} a day on average",
        ),
        Words(
            "把顾客引到空闲时段，全天每多接待 1 单可多发约 {coupons} 张",
            "moving customers to quieter half hours: each further pickup a day makes room for about {coupons}",
        ),
    ),
    "default": (
        Words(
            "{load}，门店没有维护接待能力，先按保守的每天 {limit} 单计",
            "{load}; nobody told the store's capacity, so a cautious {limit} a day is taken",
        ),
        Words("补上真实的接待能力，额度会随之放开", "give the real capacity and the quota follows"),
    ),
    "capacity": (
        Words("{load}，门店已接不下更多", "{load}; the store has no room for more"),
        Words("每天多接待 1 单，可多发约 {coupons} 张", "one more pickup a day makes room for about {coupons}"),
    ),
    "experience": (
        Words(
            "{load}，再多来 1 单，给顾客添的等候和缺货已超过这一单的所得",
            "{load}; one more would cost customers more in waiting and missing goods than it earns",
        ),
        Words("备足货、加派人手后可再放开", "with more goods or people the quota can rise"),
    ),
    "override": (
        Words("{load}，门店临时限定每天最多 {limit} 单", "{load}; the store has limited itself to {limit} a day"),
        Words("临时限制到期或撤销后自动恢复", "the limit lifts when it ends or is revoked"),
    ),
    "closed": (
        Words("门店临时关闭，只留已领走的 {issued} 张", "the store is closed for now; only the {issued} claimed stay"),
        Words("重新开门后自动恢复", "it comes back when the store opens"),
    ),
    "no_new_quota": (
        Words("门店要求暂不加券", "the store asked for no more coupons"),
        Words("这一要求到期或撤销后自动恢复", "it lifts when that ends or is revoked"),
    ),
    "exchange_stock": (
        Words("可兑换的商品不够分", "too few of the goods that these coupons are for"),
        Words("这种商品多备 1 件，约多赚 {price} 元", "one more unit of them earns about ¥{price}"),
    ),
    "budget": (
        Words("活动预算已分完，先给更值的门店", "the campaign's budget is used up; worthier stores come first"),
        Words("预算每加 1 张，约多赚 {price} 元", "one more coupon of budget earns about ¥{price}"),
    ),
    "change_limit": (
        Words(
            "{load}，店里还接得住，已加到单次上限", "{load}; the store has room, but this is the most a cycle may add"
        ),
        Words("下一轮接着加", "the next cycle goes on"),
    ),
    "change_limit_cut": (
        Words(
            "{load}，每天最多接待 {limit} 单，已减到单次上限",
            "{load}; {limit} a day is the most it can serve, and this the most a cycle may cut",
        ),
        Words("下一轮接着减", "the next cycle goes on"),
    ),
    "change_limit_dear": (
        Words(
            "{load}，全天还接得住，但时段排队、缺货的代价已超过一张券的所得，已减到单次上限",
            "{load}; the day has room, but queues and missing goods cost more than a coupon earns, and this is the"
            " most a cycle may cut",
        ),
        Words("备足货、加派人手后可再放开", "with more goods or people the quota can rise"),
    ),
    "issued": (
        Words("已被领走 {issued} 张，不能更低", "{issued} are claimed already, so it cannot go lower"),
        Words("", ""),
    ),
    "protected": (
        Words("活动受保护，不下调", "the campaign is protected and not cut"),
        Words("取消保护后才能再调", "it can be cut once the protection is lifted"),
    ),
    "move_cost": (
        Words("再调收益太小，先不动", "a further change would gain too little"),
        Words("", ""),
    ),
    "scope": (
        Words("不在本次调整范围，维持不变", "outside the scope of this cycle; kept"),
        Words("把门店加入范围后才会调整", "it moves once the store is in the scope"),
    ),
    "rule": (
        Words("规则方案：按今天的上限等比例收紧", "rule plan: trimmed in proportion to today's limits"),
        Words("", ""),
    ),
    "demand": (
        Words("预计领取 {claims} 张，{load}，接得住", "{claims} claims expected; {load}, which the store can serve"),
        Words("再多发也没人领，先要有更多顾客想领", "more would stay unclaimed until more customers want them"),
    ),
}

TRANSFER: dict[str, tuple[Words, Words]] = {
    "demand": (
        Words("当日预计卖 {mean} 件，按需求给足", "{mean} units of demand expected that day, sent in full"),
        Words("再多就可能卖不完", "more would probably be left over"),
    ),
    "pack": (
        Words("当日预计卖 {mean} 件，按整箱取整", "{mean} units of demand expected that day, in whole packs"),
        Words("再多一箱就可能卖不完", "one more pack would probably be left over"),
    ),
    "dc_supply": (
        Words(
            "想要 {wanted} 件，{centre}这种货不够分，少给 {short} 件",
            "{wanted} wanted; {centre} has not enough for all, {short} fewer",
        ),
        Words("中心每多 1 件约值 {price} 元", "one more unit at the centre is worth about ¥{price}"),
    ),
    "cold_volume": (
        Words("想要 {wanted} 件，冷柜放不下，少给 {short} 件", "{wanted} wanted; the cold room is full, {short} fewer"),
        Words("冷柜每腾出 1 升约值 {litre} 元", "one more litre of cold room is worth about ¥{litre}"),
    ),
    "ambient_volume": (
        Words("想要 {wanted} 件，货架放不下，少给 {short} 件", "{wanted} wanted; the shelves are full, {short} fewer"),
        Words("货架每腾出 1 升约值 {litre} 元", "one more litre of shelf is worth about ¥{litre}"),
    ),
    "shelf_life": (
        Words("想要 {wanted} 件，保质期内卖不完，少给 {short} 件", "{wanted} wanted; it would expire, {short} fewer"),
        Words("保质期更长或销得更快才能多给", "a longer shelf life or faster sales would allow more"),
    ),
    "minimum": (
        Words("门店最低陈列量要求", "the store must hold at least this many"),
        Words("", ""),
    ),
}

STAFF: dict[str, tuple[Words, Words]] = {
    "roster": (
        Words(
            "{load}，要 {needed} 人时，可调配的人已排满，最紧时缺 {missing} 人",
            "{load}; {needed} hours needed, everyone who can be called in is planned, {missing} short at worst",
        ),
        Words("再找到 1 人就能补上最紧的时段", "one more person fills the tightest half hours"),
    ),
    "on_shift": (
        Words(
            "{load}，只需 {needed} 人时，其余是已排定在岗的人", "{load}; {needed} hours needed, the rest is on shift"
        ),
        Words("", ""),
    ),
    "demand": (
        Words("{load}，等候能控制在目标内", "{load}; the wait stays within its target"),
        Words("", ""),
    ),
}

TABLES = {"coupon_quota": QUOTA, "stock_transfer": TRANSFER, "staff": STAFF}
_DAYS = (Words("今天", "today"), Words("明天", "tomorrow"), Words("后天", "in two days"))
_UNKNOWN = (Words("由「{limit_name}」限制", "set by {limit_name}"), Words("", ""))


def reason_sentence(subject: str, row: Row, today: date, load_quantile: str) -> tuple[Words, Words]:
    """The sentence of one number, and what would have to change for one more unit.

    ``row`` holds the facts of `plan.reasons`; an unknown limit is named rather than hidden.
    """
    held, more = TABLES[subject].get(_word(subject, row), _UNKNOWN)
    values = _values(subject, row, load_quantile)
    head = HEAD[subject].fill(**_head_values(subject, row, today))
    one_more = more.fill(**values)
    ending = Words(f"；{one_more.zh}" if one_more.zh else "", f"; {one_more.en}" if one_more.en else "")
    body = held.fill(**values)
    return Words(f"{head.zh}：{body.zh}{ending.zh}。", f"{head.en}: {body.en}{ending.en}."), one_more


def _word(subject: str, row: Row) -> str:
    """Which sentence tells the limit: the change limit holds cuts and rises back for different causes."""
    limit = str(row["limit_name"])
    is_cut = subject == "coupon_quota" and row["after_value"] < _zero(row["before_value"])
    if limit != "change_limit" or not is_cut:
        return limit
    is_over = _zero(row["forecast_upper"]) > _zero(row["limit_value"])
    return "change_limit_cut" if is_over else "change_limit_dear"


def _head_values(subject: str, row: Row, today: date) -> dict[str, object]:
    before, after = row["before_value"], row["after_value"]
    is_known = _is_known(before)
    grows = is_known and after > before
    return {
        "place": _place(row),
        "day": _day(row["business_date"].date(), today),
        "article": row["article_name"],
        "before": _number(before),
        "after": _hours(after) if subject == "staff" else _number(after),
        "size": _number(abs(after - before)) if is_known else "",
        "change": Words("增加", "up") if grows else Words("减少", "down"),
        "against": _against(subject, before, after) if is_known else Words("", ""),
    }


def _place(row: Row) -> Words:
    name, place = str(row["place_name"]), str(row["place_id"])
    return Words(f"{name}（{place}）", f"{name} ({place})") if name and name != place else Words(place + " ", place)


def _day(day: date, today: date) -> Words:
    ahead = (day - today).days
    return _DAYS[ahead] if 0 <= ahead < len(_DAYS) else Words(f"{day.month}月{day.day}日", f"{day:%d %b}")


def _against(subject: str, before: float, after: float) -> Words:
    shown = _hours if subject == "staff" else _number
    if after == before:
        return Words("（与现行相同）", " (as in force)")
    more = after > before
    size = shown(abs(after - before))
    return Words(f"（比现行{'多' if more else '少'} {size}）", f" ({size} {'more' if more else 'fewer'} than in force)")


def _values(subject: str, row: Row, load_quantile: str) -> dict[str, object]:
    price = float(row["price_fen"])
    return {
        "load": _load(subject, row, load_quantile),
        "mean": _number(row["forecast_mean"]),
        "limit": _number(row["limit_value"]),
        "limit_name": row["limit_name"],
        "hour": str(row["limit_subject"]).rpartition(" ")[2],
        "coupons": _coupons(row["coupons_per_pickup"]),
        "issued": _number(row["issued_coupons"]),
        "claims": _number(row["expected_claims"]),
        "wanted": _number(row["wanted"]),
        "short": _number(max(_zero(row["wanted"]) - _zero(row["after_value"]), 0.0)),
        "needed": _hours(row["wanted"]),
        "missing": _number(row["missing"]),
        "centre": row["limit_subject"],
        "price": f"{price / 100:,.2f}",
        # Room is priced by the millilitre, in fen.
        "litre": f"{price * 10:,.2f}",
    }


def _load(subject: str, row: Row, load_quantile: str) -> Words:
    committed, upper = row["committed"], row["forecast_upper"]
    if not _is_known(row["forecast_mean"]):
        return NO_LOAD
    parts = []
    if _zero(committed) >= 0.5:
        parts.append(COMMITTED.fill(committed=_number(committed)))
    if _zero(upper) > 0:
        parts.append(UPPER.fill(share=SURE.get(load_quantile, Words("多半", "fairly")), upper=_number(upper)))
    zh, en = "，".join(part.zh for part in parts), ", ".join(part.en for part in parts)
    detail = Words(f"（{zh}）" if zh else "", f" ({en})" if en else "")
    is_cut = subject == "coupon_quota" and row["after_value"] < _zero(row["before_value"])
    store = str(row["load_place"])
    return (LOAD_IN_FORCE if is_cut else LOAD).fill(
        mean=_number(row["forecast_mean"]),
        detail=detail,
        store_zh=f"最紧的{store}" if store else "",
        store_en=f" at {store}, the tightest store," if store else "",
    )


def _coupons(per_pickup: float) -> str:
    return f"{per_pickup:,.0f}" if _zero(per_pickup) >= 1 else "1"


def _is_known(value: float | None) -> bool:
    return value is not None and value == value


def _zero(value: float | None) -> float:
    return 0.0 if value is None or value != value else float(value)


def _number(value: float | None) -> str:
    return "—" if value is None or value != value else f"{value:,.0f}"


def _hours(value: float | None) -> str:
    return "—" if value is None or value != value else f"{value:,.1f}".removesuffix(".0")
