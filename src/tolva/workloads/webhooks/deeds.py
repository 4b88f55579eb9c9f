"""What people do to webhooks, as the page of the audit log tells it."""

from tolva.web.pages.deeds import Deed

WEBHOOK_DEEDS = (
    Deed("webhook.create", "made a webhook", "/webhooks/{0}"),
    Deed("webhook.change", "changed a webhook", "/webhooks/{0}"),
    Deed("webhook.rotate", "gave a webhook a new secret", "/webhooks/{0}"),
    Deed("webhook.test", "sent a test to a webhook", "/webhooks/{0}"),
    Deed("webhook.drop", "deleted a webhook"),
)
