"""What orders is told by its environment (WHARF_...): beside what all services are told, the windows and limits of the business.

A marketplace may have its own: WHARF_MARKETPLACES='{"JP": {"profile": "business-days"}}'."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from chassis.settings import ServiceSettings
from orders.domain.policy import Policy, Profile


class Limits(BaseModel):
    """Those that a marketplace sets for itself; the others are as for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hold_minutes: int | None = Field(default=None, ge=0, le=1_440)
    payment_limit_days: int | None = Field(default=None, ge=1, le=365)
    profile: Profile | None = None
    confirm_days: int | None = Field(default=None, ge=1, le=365)
    confirm_business_days: int | None = Field(default=None, ge=1, le=250)
    warning_days: int | None = Field(default=None, ge=0, le=365)
    handling_business_days: int | None = Field(default=None, ge=0, le=250)
    delivery_business_days_min: int | None = Field(default=None, ge=0, le=250)
    delivery_business_days_max: int | None = Field(default=None, ge=0, le=250)


class OrdersSettings(ServiceSettings):
    """O3, O4, O5, O9: each order keeps the limits under which it was placed."""

    hold_minutes: int = Field(default=30, ge=0, le=1_440)
    payment_limit_days: int = Field(default=21, ge=1, le=365)
    profile: Profile = Profile.ORDER_DATE
    confirm_days: int = Field(default=30, ge=1, le=365)
    confirm_business_days: int = Field(default=7, ge=1, le=250)
    warning_days: int = Field(default=7, ge=0, le=365)
    handling_business_days: int = Field(default=2, ge=0, le=250)
    delivery_business_days_min: int = Field(default=2, ge=0, le=250)
    delivery_business_days_max: int = Field(default=5, ge=0, le=250)
    marketplaces: dict[str, Limits] = Field(default_factory=dict)

    def policy(self) -> Policy:
        """For marketplaces that set nothing of their own."""
        return Policy(**{name: getattr(self, name) for name in Limits.model_fields})

    def policies_by_marketplace(self) -> dict[str, Policy]:
        default = self.policy()
        return {name: replace(default, **limits.model_dump(exclude_none=True)) for name, limits in self.marketplaces.items()}
