"""Brings a Kafka broker's access rules to what the market's table says, by the broker's own administration calls."""

import threading
import time

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, NoError

from kernel.kafka_login import BrokerLogin
from market.access import Rule, rules, topic_of
from market.complaints import Complaint
from market.roster import SERVICES

RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
OPERATIONS = {
    "Create": ACLOperation.CREATE,
    "Write": ACLOperation.WRITE,
    "Read": ACLOperation.READ,
    "Describe": ACLOperation.DESCRIBE,
}
EVERY_HOST = "*"
KNOWN_SECONDS_MAX = 20.0
POLL_SECONDS = 0.1


class BrokerRefuses(Complaint):
    """The broker takes no access rules: it has no authoriser, or the administrator may not set them."""


def apply(administrator: BrokerLogin) -> tuple[int, int]:
    """Add what is missing and take away what our topics, groups and services have besides; how many of each."""
    try:
        client = KafkaAdminClient(**administrator.options())
    except KafkaError as error:
        message = f"{administrator.servers} does not answer: {error}"
        raise BrokerRefuses(message) from error
    try:
        there = _there(client)
        wanted = {_acl(rule) for rule in rules()}
        missing, besides = wanted - there, {acl for acl in there - wanted if _is_ours(acl)}
        if missing:
            outcome = client.create_acls(sorted(missing, key=str))
            if outcome["failed"]:
                message = f"the broker refuses access rules: {outcome['failed']}"
                raise BrokerRefuses(message)
        if besides:
            client.delete_acls([_exactly(acl) for acl in besides])
        _wait_until(client, wanted, besides)
        return len(missing), len(besides)
    finally:
        client.close()


def _wait_until(client: KafkaAdminClient, wanted: set[ACL], gone: set[ACL]) -> None:
    """The broker answers before its authoriser knows."""
    ends_at, pause = time.monotonic() + KNOWN_SECONDS_MAX, threading.Event()
    while not wanted <= (there := _there(client)) or there & gone:
        if time.monotonic() > ends_at:
            message = "the broker took the access rules and does not show them"
            raise BrokerRefuses(message)
        pause.wait(POLL_SECONDS)


def _there(client: KafkaAdminClient) -> set[ACL]:
    anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found, error = client.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, anything))
    if error is not NoError:
        message = f"the broker tells no access rules: {error}"
        raise BrokerRefuses(message)
    return set(found)


def _acl(rule: Rule) -> ACL:
    pattern = ACLResourcePatternType.PREFIXED if rule.prefixed else ACLResourcePatternType.LITERAL
    place = ResourcePattern(RESOURCES[rule.resource], rule.name, pattern)
    return ACL(f"User:{rule.principal}", EVERY_HOST, OPERATIONS[rule.operation], ACLPermissionType.ALLOW, place)


def _is_ours(acl: ACL) -> bool:
    """Rules of others on a shared broker are left alone."""
    topics = {topic_of(service) for service in SERVICES}
    return acl.resource_pattern.resource_name in topics or acl.principal in {f"User:{one}" for one in SERVICES}


def _exactly(acl: ACL) -> ACLFilter:
    place = acl.resource_pattern
    same = ResourcePatternFilter(place.resource_type, place.resource_name, place.pattern_type)
    return ACLFilter(acl.principal, acl.host, acl.operation, acl.permission_type, same)
