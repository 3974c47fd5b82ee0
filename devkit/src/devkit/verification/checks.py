"""All that must hold in each database by itself."""

from __future__ import annotations

from devkit.verification.check import Check, everywhere
from devkit.verification.mail_checks import MAILS
from devkit.verification.order_checks import ORDERS
from devkit.verification.removal_checks import REMOVALS
from devkit.verification.stock_checks import INVENTORY

SERVICES = ("orders", "inventory", "removals", "notifications")

CHECKS: tuple[Check, ...] = (
    *INVENTORY,
    *ORDERS,
    *REMOVALS,
    *MAILS,
    *(check for service in SERVICES for check in everywhere(service)),
)
