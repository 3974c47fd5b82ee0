"""The words that mails have for what the services call by codes, by language. A code that is not known here has a sentence,
too: enumerations are open. Whole texts are in `templates/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Words: TypeAlias = Mapping[str, str]

OTHER = ""
"""The key of what is said for a code that nobody knows."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One language. `span` takes two days, `count` a number and what it counts."""

    colon: str
    span: str
    count: str
    between: str
    footer_for_buyer: str
    footer_for_seller: str
    to_buyer: Words = field(repr=False)
    to_seller: Words = field(repr=False)
    conditions: Words = field(repr=False)
    methods: Words = field(repr=False)
    legend: Words = field(repr=False)
    canceled_by: Words = field(repr=False)
    too_late: Words = field(repr=False)
    short_since: Words = field(repr=False)


def word(words: Words, code: str) -> str:
    return words.get(code, words[OTHER])


ENGLISH = Wording(
    colon=": ",
    span="%s to %s",
    count="%s: %d",
    between="; ",
    footer_for_buyer="You get this mail because you ordered from our marketplace. Please do not reply to it.",
    footer_for_seller="You get this mail because you sell on our marketplace. Please do not reply to it.",
    to_buyer={
        "BuyerCanceled": "You asked us to cancel.",
        "NoInventory": "We are sorry: what you ordered is out of stock.",
        "ShippingAddressUndeliverable": "The seller can't deliver to your address.",
        "GeneralAdjustment": "The seller had to change the order.",
        "PricingError": "The price was wrong, and the seller could not keep it.",
        "CustomerExchange": "The items are exchanged for others.",
        "PaymentDeclined": "Your payment did not go through.",
        "PaymentLimitReached": "Your payment did not arrive in time.",
        "NotConfirmedInTime": "We are sorry: the seller did not ship in time.",
        OTHER: "We are sorry: it could not be fulfilled.",
    },
    to_seller={
        "NotConfirmedInTime": "The shipment was not confirmed in time. What ships now is not paid.",
        "NoInventory": "The stock turned out to be gone.",
        OTHER: "The order could not be fulfilled.",
    },
    conditions={"fulfillable": "fulfillable", "unfulfillable": "unfulfillable", OTHER: "other"},
    methods={"ship_to": "they will be shipped to you", "dispose": "they will be disposed of", OTHER: "they will be removed"},
    legend={
        "pending_customer_order": "bound to a customer's order",
        "pending_transshipment": "on the way between fulfillment centers",
        "processing": "being handled in a fulfillment center",
        "researching": "the warehouse is looking into it",
        "inbound": "not in a fulfillment center yet",
        "other_removal": "held for another removal",
        "not_in_network": "at your own place",
        "other_marketplace": "in centers of another marketplace",
        "too_many_places": "in too many places for one removal; ask for fewer items at a time",
        OTHER: "not available for removal",
    },
    canceled_by={
        "seller": "Your removal order is canceled, as you asked.",
        "system": "Your removal order is canceled: it took too long.",
        OTHER: "Your removal order is canceled.",
    },
    too_late={
        "removal_processing": (
            "The warehouse had begun to pick before your cancellation came. Your removal order goes on as it was placed."
        ),
        "removal_completed": "Your removal order was completed before your cancellation came.",
        OTHER: "Your cancellation came too late.",
    },
    short_since={
        "missing": "These units were not found on the shelf; they are written off:",
        "withdrawn": "These units are needed for an order that had left already:",
        OTHER: "These units can't be removed:",
    },
)

CHINESE = Wording(
    colon="：",
    span="%s至%s",
    count="%s：%d",
    between="；",
    footer_for_buyer="您收到此邮件，是因为您在本商城下了订单。请勿回复。",
    footer_for_seller="您收到此邮件，是因为您在本商城销售商品。请勿回复。",
    to_buyer={
        "BuyerCanceled": "这是应您的要求取消的。",
        "NoInventory": "很抱歉，您订购的商品缺货。",
        "ShippingAddressUndeliverable": "卖家无法送达您的地址。",
        "GeneralAdjustment": "卖家需要调整订单。",
        "PricingError": "价格有误，卖家无法按此价格出售。",
        "CustomerExchange": "商品将更换为其他商品。",
        "PaymentDeclined": "您的付款未成功。",
        "PaymentLimitReached": "您的付款未能及时到账。",
        "NotConfirmedInTime": "很抱歉，卖家未能及时发货。",
        OTHER: "很抱歉，订单无法完成。",
    },
    to_seller={
        "NotConfirmedInTime": "未在期限内确认发货。此后发货将不予付款。",
        "NoInventory": "实际库存已不足。",
        OTHER: "订单无法完成。",
    },
    conditions={"fulfillable": "可售", "unfulfillable": "不可售", OTHER: "其他"},
    methods={"ship_to": "将寄送给您", "dispose": "将予以弃置", OTHER: "将予以移除"},
    legend={
        "pending_customer_order": "已为买家订单保留",
        "pending_transshipment": "正在运营中心之间转运",
        "processing": "正在运营中心处理",
        "researching": "仓库正在调查",
        "inbound": "尚未到达运营中心",
        "other_removal": "已为其他移除订单保留",
        "not_in_network": "在您自己的仓库",
        "other_marketplace": "在其他商城的运营中心",
        "too_many_places": "分布的地点过多，请减少单次移除的商品数量",
        OTHER: "不可移除",
    },
    canceled_by={
        "seller": "移除订单已应您的要求取消。",
        "system": "移除订单因超时已取消。",
        OTHER: "移除订单已取消。",
    },
    too_late={
        "removal_processing": "收到取消请求时，仓库已开始拣货。移除订单将照原样处理。",
        "removal_completed": "收到取消请求时，移除订单已完成。",
        OTHER: "提交取消请求时已过期限。",
    },
    short_since={
        "missing": "以下商品在货架上未找到，已核销：",
        "withdrawn": "以下商品已用于先前发出的订单：",
        OTHER: "以下商品无法移除：",
    },
)

WORDINGS: Mapping[str, Wording] = {"en": ENGLISH, "zh": CHINESE}
"""By language, ISO 639-1. Whoever reads another language gets English."""
