"""The settings of removals: what every service has, the limits of the business for all marketplaces or for one, and where our
own centers are.

WHARF_POLICY__GIVE_UP_DAYS=60 changes one value for all; WHARF_POLICY_BY_MARKETPLACE='{"DE": {"draft_days": 10}}' all values of
one marketplace, those left out as for all; WHARF_CENTERS='{"GB": {"codes": ["LTN1"], "postal_codes": ["MK43 0ZA"]}}'.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import INBOX_RETENTION_DAYS_MIN, ServiceSettings
from contracts.values import MarketplaceId
from removals.calendar import business_days_after
from removals.domain.address import Centers
from removals.domain.policy import Policy, Terms
from removals.phone import is_valid

DEFAULT = Policy()
INBOX_RETENTION_DAYS = 120
"""90 days until a removal is given up, and beyond them as long as topics keep records."""
Days = Annotated[int, Field(ge=1, le=365)]


class PolicySettings(BaseModel):
    """One policy; what is not given stays as it is elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    draft_days: Days | None = None
    leave_business_days: Days | None = None
    give_up_days: Days | None = None

    def over(self, policy: Policy) -> Policy:
        """`policy` with what is given here."""
        return Policy(**{**asdict(policy), **self.model_dump(exclude_none=True)})


class CenterSettings(BaseModel):
    """The centers of a country: their codes, and postal codes where nobody else is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codes: frozenset[str] = frozenset()
    postal_codes: frozenset[str] = frozenset()


DEFAULT_CENTERS: Mapping[str, CenterSettings] = {"GB": CenterSettings(codes=frozenset({"LTN1", "MAN1", "LBA1", "BHX4"}))}
"""Codes that our location ids name; a deployment gives its own."""


class RemovalsSettings(ServiceSettings):
    """Frozen; read once by `app`."""

    model_config = SettingsConfigDict(env_nested_delimiter="__")

    inbox_retention_days: int = Field(default=INBOX_RETENTION_DAYS, ge=INBOX_RETENTION_DAYS_MIN, le=3650)
    policy: PolicySettings = PolicySettings()
    policy_by_marketplace: Mapping[MarketplaceId, PolicySettings] = Field(default_factory=dict)
    centers: Mapping[MarketplaceId, CenterSettings] = DEFAULT_CENTERS

    @model_validator(mode="after")
    def _agree(self) -> Self:
        terms = self.terms()
        policies = (terms.default, *terms.by_marketplace.values())
        longest = max(policy.give_up_days for policy in policies)
        if longest >= self.inbox_retention_days:
            raise ValueError("give_up_days must be less than inbox_retention_days: else repetitions would not be known as such")
        for policy in policies:
            if policy.late_days_max >= policy.give_up_days:
                told = f"{policy.leave_business_days} leave_business_days can take {policy.late_days_max} days"
                raise ValueError(f"{told}, give_up_days must be more: else a removal would end before it can be late")
        return self

    def terms(self) -> Terms:
        default = self.policy.over(DEFAULT)
        own = {marketplace_id: given.over(default) for marketplace_id, given in self.policy_by_marketplace.items()}
        centers = Centers(
            codes={country: given.codes for country, given in self.centers.items()},
            postal_codes={country: given.postal_codes for country, given in self.centers.items()},
        )
        return Terms(default, own, centers, business_days_after, is_valid)
