"""What notifications does about each message: the service's table of contents. Rules live in `domain`, SQL in `store`.

What each message does in each state of a mail is in docs/states/mail.md.
"""

from functools import partial

from chassis.desk import Desk
from contracts.notifications import (
    DropMail,
    MailCut,
    MailDeferred,
    MailRejected,
    MailTaken,
    MoreMailsWait,
    SendingBegun,
    SendMail,
    SetSellerContact,
)
from contracts.orders import ConfirmByWarned, ItemsCanceled, OrderCanceled, OrderPlaced, OrderReleased
from contracts.removals import (
    RemovalCanceled,
    RemovalCancelRefused,
    RemovalCompleted,
    RemovalPlaced,
    RemovalRefused,
    RemovalShortened,
    RemovalUnitsMissing,
)
from notifications import store
from notifications.decisions import acts, orders, removals, sending
from notifications.domain.mail import Policy
from notifications.store import Books, Render


def desk(policy: Policy, render: Render) -> Desk[Books]:
    """What the service brings to the processor; `policy` comes from its settings."""
    mails: Desk[Books] = Desk("notifications", partial(store.load, policy, render), store.save)
    _hear(mails)
    mails.on(SetSellerContact, acts.set_contact, creates=True)
    mails.on(MoreMailsWait, acts.wake_more)
    mails.on(SendMail, acts.send)
    mails.on(DropMail, acts.drop)
    mails.on(SendingBegun, sending.begin)
    mails.on(MailTaken, sending.of_last_try(sending.take))
    mails.on(MailDeferred, sending.of_last_try(sending.defer))
    mails.on(MailRejected, sending.of_last_try(sending.reject))
    mails.on(MailCut, sending.of_last_try(sending.cut))
    return mails


def _hear(mails: Desk[Books]) -> None:
    """Facts of others that somebody has to be written about."""
    mails.on(OrderPlaced, orders.note_buyer)
    mails.on(OrderReleased, orders.of_known_order(orders.confirm))
    mails.on(ConfirmByWarned, orders.of_known_order(orders.warn))
    mails.on(ItemsCanceled, orders.of_known_order(orders.cancel_items))
    mails.on(OrderCanceled, orders.of_known_order(orders.cancel_order))
    mails.on(RemovalPlaced, removals.place)
    mails.on(RemovalRefused, removals.refuse)
    mails.on(RemovalCanceled, removals.cancel)
    mails.on(RemovalCancelRefused, removals.refuse_cancel)
    mails.on(RemovalCompleted, removals.complete)
    mails.on(RemovalUnitsMissing, removals.miss)
    mails.on(RemovalShortened, removals.shorten)
