"""What stands behind a webhook channel: an endpoint of the webhook service (Svix).

The service has its own idea of what is valid, and OpenMeter answers its refusals with 500. Only
what can be seen through OpenMeter's API is imitated: refused addresses, headers and secrets, the
limit of rotations, and the filter that counts a channel's rules.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from reconciler.sandbox.clock import parse_instant
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Problem, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.tables import WEBHOOKS

_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_RESERVED_HEADERS: Final = ("content-type",)

MAX_ROTATIONS: Final = 10
ROTATION_WINDOW: Final = timedelta(hours=24)
MAX_RULES: Final = 10


def new_secret() -> str:
    """A signing secret as the server generates one."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def check_secret(secret: str) -> None:
    """Refuse what OpenMeter itself refuses with 400, before the webhook service is asked."""
    text = secret.removeprefix(_PREFIX)
    if not 32 <= len(text) <= 100:
        raise invalid("secret length must be between 32 to 100 chars without the optional prefix")
    try:
        a2b_base64(text, strict_mode=True)
    except Base64Error as error:
        raise invalid("invalid base64 string") from error


def create_endpoint(ctx: Context, channel: Doc) -> None:
    """Register a new channel's endpoint; the channel already has its secret."""
    _check_by_service(channel)
    endpoint = {"id": channel["id"], "secret": channel["signingSecret"], "rotations": [], "rules": []}
    ctx.store.put(WEBHOOKS, endpoint)


def update_endpoint(ctx: Context, channel: Doc, rules: list[str]) -> None:
    """Bring the endpoint in line with a channel: address, headers, secret, and the filter of rules."""
    check_secret(channel["signingSecret"])
    _check_by_service(channel)
    endpoint = _endpoint(ctx, channel["id"])
    if endpoint["secret"] != channel["signingSecret"]:
        endpoint["rotations"] = _rotated(ctx, endpoint["rotations"])
    ctx.store.put(WEBHOOKS, {**endpoint, "secret": channel["signingSecret"], "rules": rules})


def delete_endpoint(ctx: Context, channel_id: str) -> None:
    """Forget the endpoint; there need be none."""
    ctx.store.remove(WEBHOOKS, channel_id)


def add_rule(ctx: Context, channel: Doc, rule_id: str) -> None:
    """Let the rule's messages through; refuses the eleventh rule of a channel."""
    endpoint = _endpoint(ctx, channel["id"])
    rules = [*(rule for rule in endpoint["rules"] if rule != rule_id), rule_id]
    if len(rules) > MAX_RULES:
        where = f"[notification.channel.id={channel['id']} notification.channel.name={channel['name']}]"
        raise invalid(f"maximum number ({MAX_RULES}) of rules for webhook channels exceeded {where}")
    ctx.store.put(WEBHOOKS, {**endpoint, "rules": rules})


def remove_rule(ctx: Context, channel_id: str, rule_id: str) -> None:
    """Stop the rule's messages."""
    endpoint = _endpoint(ctx, channel_id)
    rules = [rule for rule in endpoint["rules"] if rule != rule_id]
    ctx.store.put(WEBHOOKS, {**endpoint, "rules": rules})


def _endpoint(ctx: Context, channel_id: str) -> Doc:
    endpoint = ctx.store.get(WEBHOOKS, channel_id)
    if endpoint is None:
        raise Problem(500)
    return endpoint


def _check_by_service(channel: Doc) -> None:
    acceptable = (
        _is_web_address(channel["url"])
        and channel["signingSecret"].startswith(_PREFIX)
        and all(_is_own_header(name) for name in channel.get("customHeaders", {}))
    )
    if not acceptable:
        raise Problem(500)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in url
    except ValueError:
        return False


def _is_own_header(name: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None and name.lower() not in _RESERVED_HEADERS


def _rotated(ctx: Context, rotations: list[str]) -> list[str]:
    """The rotations of the last day with one more; the service refuses the eleventh."""
    now = ctx.now()
    oldest = parse_instant(now) - ROTATION_WINDOW
    recent = [instant for instant in rotations if parse_instant(instant) > oldest]
    if len(recent) >= MAX_ROTATIONS:
        raise Problem(500)
    return [*recent, now]
