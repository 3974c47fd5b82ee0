"""The settings of orders: what every service has, and the windows and limits of the business, for all marketplaces or for one.

WHARF_POLICY__HOLD_MINUTES=45 changes one value for all; WHARF_POLICY_BY_MARKETPLACE='{"DE": {"hold_minutes": 60}}' all values
of one marketplace, those left out as for all.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from contracts.values import MarketplaceId
from orders.calendar import calendar_of
from orders.domain.policy import Policies, Policy, Profile

DEFAULT = Policy()
Days = Annotated[int, Field(ge=0, le=365)]


class PolicySettings(BaseModel):
    """One policy; what is not given stays as it is elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hold_minutes: int | None = Field(default=None, ge=0, le=10_080)
    payment_limit_days: Annotated[int, Field(ge=1, le=365)] | None = None
    profile: Profile | None = None
    confirm_days: Annotated[int, Field(ge=1, le=365)] | None = None
    confirm_business_days: Days | None = None
    warning_days: Days | None = None
    handling_business_days: Days | None = None
    delivery_business_days_min: Days | None = None
    delivery_business_days_max: Days | None = None

    def over(self, policy: Policy) -> Policy:
        """`policy` with what is given here. Raises ValueError when the values contradict each other."""
        merged = Policy(**{**asdict(policy), **self.model_dump(exclude_none=True)})
        if merged.delivery_business_days_min > merged.delivery_business_days_max:
            raise ValueError("delivery_business_days_min is above delivery_business_days_max")
        return merged


class OrdersSettings(ServiceSettings):
    """Frozen; read once by `app`."""

    model_config = SettingsConfigDict(env_nested_delimiter="__")

    policy: PolicySettings = PolicySettings()
    policy_by_marketplace: Mapping[MarketplaceId, PolicySettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        self.policies()
        return self

    def policies(self) -> Policies:
        default = self.policy.over(DEFAULT)
        own = {marketplace_id: given.over(default) for marketplace_id, given in self.policy_by_marketplace.items()}
        return Policies(default, own, calendar_of)
