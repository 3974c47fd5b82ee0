"""The toy service as a process of its own, on real Kafka and PostgreSQL: `python -m support.toy_service`."""

from chassis.parts import Plan
from chassis.service import main
from chassis.settings import ServiceSettings, read_settings

from support.toy import TABLES, Shelf, toy_desk

REVISION = "0001"


def toy_plan() -> Plan[Shelf]:
    return Plan(toy_desk(), TABLES, schema_revision=REVISION)


def read() -> tuple[ServiceSettings, Plan[Shelf]]:
    return read_settings(ServiceSettings), toy_plan()


if __name__ == "__main__":
    main(read)
