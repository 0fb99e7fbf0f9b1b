"""What things are called in the simulated city. Invented places: none of them is a real shop."""

from __future__ import annotations

from typing import NamedTuple

DISTRICTS = (
    "滨江片区", "湖西片区", "老城片区", "高新片区", "大学城片区", "南站片区", "东湾片区", "北岭片区",
    "会展片区", "花园片区", "河畔片区", "云谷片区",
)  # fmt: skip
STREETS = (
    "中山路", "解放路", "人民路", "和平街", "青年路", "建设路", "文昌街", "朝阳路", "春风路", "学府路",
    "科技路", "望江路", "梧桐街", "银杏路", "湖滨路", "新华路", "长安街", "友谊路", "迎宾路", "团结路",
)  # fmt: skip
CENTRES = ("模拟城市东配送中心", "模拟城市西配送中心")


class SkuFacts(NamedTuple):
    """One product of the range: price in fen, share of margin, pack in units, shelf life in days, unit volume in ml."""

    name: str
    is_cold: bool
    price_fen: int
    margin_share: float
    pack_units: int
    shelf_life_days: int
    volume_ml: int


SKUS = (
    SkuFacts("纯净水 550ml×12", False, 1990, 0.22, 2, 360, 8000),
    SkuFacts("原味苏打饼干 400g", False, 1590, 0.30, 6, 270, 2200),
    SkuFacts("东北大米 5kg", False, 3990, 0.18, 4, 360, 6500),
    SkuFacts("非转基因菜籽油 5L", False, 6990, 0.16, 2, 540, 7000),
    SkuFacts("抽纸 3 层 ×24 包", False, 4590, 0.28, 1, 1080, 26000),
    SkuFacts("洗衣液 3kg", False, 3990, 0.33, 4, 1080, 4200),
    SkuFacts("每日坚果 750g", False, 7990, 0.35, 6, 240, 2600),
    SkuFacts("鲜鸡蛋 30 枚", False, 2690, 0.15, 4, 30, 5200),
    SkuFacts("冻干咖啡 24 颗", False, 8990, 0.38, 6, 540, 1500),
    SkuFacts("气泡水 480ml×15", False, 5490, 0.30, 1, 270, 9800),
    SkuFacts("螺蛳粉 3 包", False, 2990, 0.34, 6, 180, 3000),
    SkuFacts("儿童牙膏套装", False, 2590, 0.40, 12, 1080, 700),
    SkuFacts("红富士苹果 5 斤", False, 2990, 0.24, 4, 12, 4500),
    SkuFacts("蜜薯 5 斤", False, 1990, 0.26, 4, 15, 4200),
    SkuFacts("粽子礼盒 10 枚", False, 8800, 0.36, 4, 60, 3600),
    SkuFacts("电解质饮料 500ml×12", False, 4790, 0.28, 1, 300, 8200),
    SkuFacts("鲜牛奶 950ml", True, 1890, 0.20, 6, 7, 1100),
    SkuFacts("低温酸奶 12 杯", True, 2990, 0.26, 4, 18, 2400),
    SkuFacts("冷鲜鸡胸肉 1kg", True, 2690, 0.22, 5, 6, 1300),
    SkuFacts("三文鱼块 300g", True, 5990, 0.25, 4, 4, 700),
    SkuFacts("荔枝 3 斤", True, 3990, 0.27, 4, 4, 2600),
    SkuFacts("手工水饺 1kg", True, 3290, 0.31, 6, 180, 1800),
    SkuFacts("冰淇淋 8 支装", True, 3590, 0.33, 6, 360, 1600),
    SkuFacts("冷萃豆浆 1L", True, 1290, 0.29, 6, 9, 1150),
)


class StockFacts(NamedTuple):
    """One coupon stock: its campaign (index), kind, carrier, worth in fen, validity, redemption and pull."""

    name: str
    campaign: int
    kind: str
    carrier: str
    face_value_fen: int
    valid_days: int
    redeem_share: float
    claims_per_store_day: float


STOCKS = (
    StockFacts("自提满 39 减 5", 0, "NORMAL", "store", 500, 30, 0.37, 12.0),
    StockFacts("自提满 79 减 12", 0, "NORMAL", "store", 1200, 30, 0.32, 9.0),
    StockFacts("会员自提 85 折", 1, "DISCOUNT", "store", 600, 21, 0.36, 9.0),
    StockFacts("会员兑换：鲜鸡蛋一板", 1, "EXCHANGE", "store", 2690, 21, 0.44, 5.0),
    StockFacts("618 提货满 99 减 25", 2, "NORMAL", "store", 2500, 21, 0.38, 9.0),
    StockFacts("618 片区提货 8 折", 2, "DISCOUNT", "zone", 900, 21, 0.35, 6.0),
)
EXCHANGE_SKU = 7  # 鲜鸡蛋: ambient, so that every store can hand it over


class CampaignFacts(NamedTuple):
    """One campaign; ``starts_before_days`` counts back from the business date (absent = all of history)."""

    name: str
    is_protected: bool
    starts_before_days: int | None


CAMPAIGNS = (
    CampaignFacts("日常到店自提", False, None),
    CampaignFacts("会员权益保底", True, None),
    CampaignFacts("618 提货节", False, 16),
)


class PushFacts(NamedTuple):
    """One marketing push: the day it peaks, and the planned lift of coupon claims on its days (1.0 = twice as many)."""

    name: str
    month: int
    day: int
    lift: tuple[float, ...]


# Around the business date; before it, a week in which its coupons are on sale already.
MAIN_PUSH = PushFacts(
    "618 提货节", 6, 18,
    (0, 0, 0, 0, 0, 0, 0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 1.0, 1.2, 1.0, 0.6, 0.35, 0.2, 0.1, 0.05),
)  # fmt: skip
MAIN_CAMPAIGN, MEMBER_CAMPAIGN = "CAMP03", "CAMP02"
# Every month.
MEMBER_DAY = PushFacts("会员日", 1, 18, (0.15, 0.5, 0.15))
PUSHES = (
    PushFacts("年货节", 1, 16, (0.1, 0.2, 0.3, 0.45, 0.65, 0.9, 1.1, 0.9, 0.6, 0.3, 0.15)),
    PushFacts("三八女神节", 3, 8, (0.1, 0.2, 0.3, 0.5, 0.8, 1.1, 0.6, 0.3, 0.1)),
    PushFacts("五一出游季", 4, 30, (0.1, 0.2, 0.35, 0.5, 0.8, 1.2, 0.9, 0.6, 0.35, 0.2, 0.1)),
    PushFacts("520 甜蜜季", 5, 20, (0.15, 0.25, 0.4, 0.6, 1.0, 0.5, 0.2)),
    MAIN_PUSH,
    PushFacts("八月清凉节", 8, 8, (0.15, 0.25, 0.45, 0.7, 0.4, 0.2)),
    PushFacts("双 11 提货节", 11, 11, (0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.0, 0.6, 0.3, 0.1)),
    PushFacts("双 12 返场", 12, 12, (0.1, 0.2, 0.4, 0.7, 0.9, 0.5, 0.2)),
)
