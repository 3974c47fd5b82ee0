"""What must hold in notifications' database. What causes there must have been, `mail_agreement` knows."""

from __future__ import annotations

from devkit.verification.check import Check

MAILS = (
    Check(
        "each cause has its mail once: by cause, template and recipient (S8)",
        "notifications",
        "SELECT count(*) FROM mail",
        """SELECT format('%s %s %s %s: %s mails', seller_id, cause_id, template, recipient, count(*))
            FROM mail GROUP BY seller_id, cause_id, template, recipient HAVING count(*) > 1""",
        must_find=False,
    ),
    Check(
        "no mail is due or half sent (S8)",
        "notifications",
        "SELECT count(*) FROM mail",
        """SELECT format('%s %s %s: %s', seller_id, mail_id, template, status) FROM mail AS m
            WHERE (status = 'sending' OR status = 'ready' AND due_at <= {now}) AND NOT EXISTS (
                SELECT FROM parked AS p WHERE (p.seller_id, p.kind, p.object_id) = (m.seller_id, 'mail', m.mail_id))""",
        must_find=False,
    ),
    Check(
        "what was handed over is kept as it was sent (S8)",
        "notifications",
        "SELECT count(*) FROM mail WHERE status IN ('sent', 'unknown')",
        """SELECT format('%s %s %s', seller_id, mail_id, template) FROM mail AS m
            WHERE status IN ('sent', 'unknown') AND NOT EXISTS (
                SELECT FROM letter AS l WHERE (l.seller_id, l.mail_id) = (m.seller_id, m.mail_id) AND l.text <> '')""",
        must_find=False,
    ),
    Check(
        "no mail to a seller has an address of a buyer",
        "notifications",
        "SELECT count(*) FROM mail JOIN letter USING (seller_id, mail_id) WHERE recipient = 'seller'",
        """SELECT format('%s %s %s', m.seller_id, m.mail_id, template) FROM mail AS m
            JOIN letter AS l USING (seller_id, mail_id) JOIN order_contact AS o USING (seller_id, order_id)
            WHERE recipient = 'seller' AND buyer_mail <> '' AND position(buyer_mail IN concat(subject, l.text, l.html)) > 0""",
        must_find=False,
    ),
)  # fmt: skip
