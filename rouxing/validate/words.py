"""What people call the columns, and how a failed check is told to them in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LABELS: Mapping[str, str] = {
    "ambient_volume_ml": "常温容积（毫升）",
    "announced_at": "发布时间",
    "area_id": "活动范围",
    "arrival_id": "到店编号",
    "arrived_at": "到店时间",
    "booking_id": "预约编号",
    "budget_coupons": "活动总预算（张）",
    "business_date": "营业日",
    "callable_staff": "可加派人数",
    "campaign_id": "活动编号",
    "campaign_name": "活动名称",
    "cancel_reason": "取消原因",
    "carrier": "额度载体",
    "carrier_id": "额度载体编号",
    "channel": "渠道",
    "closes_slot": "打烊时段",
    "cold_volume_ml": "冷藏容积（毫升）",
    "collected_at": "提货时间",
    "counted_at": "盘点时间",
    "counters": "柜台数",
    "coupon_code": "券码",
    "created_at": "创建时间",
    "customer_key": "顾客假名",
    "daily_budget_coupons": "活动日预算（张）",
    "dc_id": "配送中心编号",
    "dc_name": "配送中心名称",
    "decided_at": "授权时间",
    "dispatched_at": "发车时间",
    "district_id": "商圈编号",
    "district_name": "商圈名称",
    "eta_at": "预计到达时间",
    "event_id": "事件编号",
    "event_type": "事件类型",
    "exchange_sku_id": "兑换商品编号",
    "expires_at": "券到期时间",
    "face_value_fen": "面额（分）",
    "handed_over_at": "交付完成时间",
    "handover_seconds": "单笔交付时长（秒）",
    "holding_fen": "持有成本（分）",
    "intensity_tier": "活动力度（档）",
    "is_granted": "是否同意",
    "is_protected": "是否受保护",
    "issued_coupons": "当日已发（张）",
    "issued_total": "累计已发（张）",
    "kind": "券种",
    "known_at": "更新时间",
    "lead_time_days": "配送天数",
    "line_number": "行号",
    "location_id": "库存地点",
    "locked_units": "锁定库存",
    "made_at": "预约时间",
    "margin_fen": "毛利（分）",
    "milestone": "物流节点",
    "minimum_units": "最低陈列量（件）",
    "occurred_at": "发生时间",
    "on_hand_units": "在库数量",
    "opens_slot": "开门时段",
    "order_id": "订单号",
    "ordered_at": "下单时间",
    "pack_units": "箱规（件）",
    "paid_fen": "实付金额（分）",
    "phone_key": "手机号假名",
    "pickup_capacity_day": "日自提能力",
    "pickup_capacity_slot": "半小时自提能力",
    "placed_at": "下单时间",
    "price_fen": "单价（分）",
    "purpose": "用途",
    "quantity_units": "数量",
    "quota_coupons": "当日额度（张）",
    "received_at": "收货时间",
    "rostered_staff": "排班人数",
    "served_at": "开始服务时间",
    "set_at": "额度设置时间",
    "shelf_life_days": "保质期（天）",
    "shipment_id": "运单号",
    "sku_id": "商品编号",
    "sku_name": "商品名称",
    "slot_starts_at": "预约时段",
    "status": "状态",
    "stock_id": "批次号",
    "stock_name": "批次名称",
    "storage_class": "储存类别",
    "store_id": "门店编号",
    "store_name": "门店名称",
    "transfer_id": "调拨单号",
    "valid_days": "有效天数",
    "valid_from": "生效日",
    "valid_to": "失效日",
    "volume_ml": "体积（毫升）",
}


def label(column: str) -> str:
    """The column as people call it."""
    return LABELS.get(column, column)


def not_null_reason(column: str) -> str:
    return f"{label(column)}缺失"


def not_of_type_reason(column: str) -> str:
    return f"{label(column)}的格式无法识别"


def in_set_reason(column: str, allowed: tuple[str, ...]) -> str:
    return f"{label(column)}不在约定取值之内（{'、'.join(allowed)}）"


def between_reason(column: str, minimum: Any, maximum: Any) -> str:
    if minimum is None:
        return f"{label(column)}大于 {maximum:,.0f}"
    if maximum is None:
        return f"{label(column)}小于 {minimum:,.0f}"
    return f"{label(column)}不在 {minimum:,.0f} 至 {maximum:,.0f} 之间"


def not_before_reason(later: str, earlier: str) -> str:
    return f"{label(later)}早于{label(earlier)}"


def missing_columns_reason(columns: tuple[str, ...]) -> str:
    return f"整批缺少字段：{'、'.join(label(column) for column in columns)}；请供应方核对接口后重新校验"


def bad_share_reason(bad: int, rows: int, limit: float) -> str:
    return f"{rows:,} 行中有 {bad:,} 行不合格（{bad / rows:.1%}），超过上限 {limit:.0%}；请供应方核对后重新校验"


def stopped_reason(reason: str, batches_waiting: int) -> str:
    """Why a feed is stopped, and how many later batches wait for it."""
    return f"{reason}（其后 {batches_waiting:,} 批等待该批重新校验）" if batches_waiting else reason


SAME_VERSION_REASON = "同一单据的同一版本内容不一致，保留先到的一份"
