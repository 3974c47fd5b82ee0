"""Where notifications is put together: settings, tables, decisions, routes, the courier. The only place that reads settings."""

from chassis.lane import Lane
from chassis.parts import Plan
from chassis.service import main as serve
from chassis.settings import read_settings
from chassis.worker import Duty
from notifications import api, courier
from notifications.courier import Courier
from notifications.decisions import desk
from notifications.letters import Letters
from notifications.settings import NotificationsSettings
from notifications.store import Books
from notifications.tables import SERVICE, mail

SCHEMA_REVISION = "0003"


def read() -> tuple[NotificationsSettings, Plan[Books]]:
    """Raises SettingsError."""
    settings = read_settings(NotificationsSettings)

    def hired(lane: Lane[Books]) -> Courier:
        post = settings.post()
        return Courier(lane, post, settings.mails_at_once)

    duty = Duty(courier.NAME, hired, mail.c.due_at)
    plan = Plan(desk(settings.policy(), Letters()), SERVICE, SCHEMA_REVISION, routers=(api.router,), duties=(duty,))
    return settings, plan


def main() -> None:
    serve(read)


if __name__ == "__main__":
    main()
