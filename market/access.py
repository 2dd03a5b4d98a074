"""Who writes and who reads each topic and each part of the object store."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from kernel.objects import QUARANTINE
from market.roster import SERVICES

PRODUCTION_RULES = "deploy/access/access.yaml"
# The services that keep files of their own, each under its own prefix; nobody reads another's there.
KEEP_OBJECTS = ("catalog", "rights")
# Whom each service hears; a test holds it against the services' reactions, which this need not load.
HEARS = {
    "catalog": ("onboarding", "rights"),
    "delivery": ("catalog", "onboarding", "rights", "trading"),
    "evidence": ("catalog", "delivery", "onboarding", "pledge", "rights", "trading"),
    "onboarding": (),
    "pledge": ("onboarding", "rights", "trading"),
    "rights": ("catalog", "onboarding"),
    "trading": ("catalog", "delivery", "onboarding", "rights"),
}
WRITER_MAY = ("Create", "Write", "Describe")
READER_MAY = ("Read", "Describe")
GROUP_MAY = ("Read", "Describe")


def topic_of(service: str) -> str:
    """The one topic that the service writes, and nobody else."""
    return f"yaosu.{service}.v1"


def heard_by(service: str) -> list[str]:
    """The topics that the service reacts to."""
    return sorted(topic_of(teller) for teller in HEARS[service])


@dataclass(frozen=True)
class Topic:
    """A topic, its one writer and its readers."""

    name: str
    writer: str
    readers: tuple[str, ...]


def topics() -> list[Topic]:
    """All topics of the market."""
    heard = {service: heard_by(service) for service in SERVICES}
    return [
        Topic(topic_of(writer), writer, tuple(sorted(one for one in SERVICES if topic_of(writer) in heard[one])))
        for writer in sorted(SERVICES)
    ]


@dataclass(frozen=True, order=True)
class Rule:
    """One thing that one service may do with Kafka. A group's rule holds for every group whose name begins so."""

    principal: str
    resource: str
    name: str
    operation: str
    prefixed: bool = False


def rules() -> list[Rule]:
    """All that is allowed; whatever else is refused by a broker that allows nothing by itself."""
    found = []
    for topic in topics():
        found += [Rule(topic.writer, "topic", topic.name, operation) for operation in WRITER_MAY]
        for reader in topic.readers:
            found += [Rule(reader, "topic", topic.name, operation) for operation in READER_MAY]
    for service in SERVICES:
        if heard_by(service):
            found += [Rule(service, "group", service, operation, prefixed=True) for operation in GROUP_MAY]
    return sorted(set(found))


def kafka_acls(bootstrap: str) -> list[str]:
    """The same as commands of Kafka's own tool, one for each service and resource."""
    together: dict[tuple[str, str, str, bool], list[str]] = {}
    for rule in rules():
        together.setdefault((rule.principal, rule.resource, rule.name, rule.prefixed), []).append(rule.operation)
    lines = []
    for (principal, resource, name, prefixed), operations in together.items():
        asked = " ".join(f"--operation {operation}" for operation in operations)
        pattern = " --resource-pattern-type prefixed" if prefixed else ""
        lines.append(
            f"kafka-acls.sh --bootstrap-server {bootstrap} --add --allow-principal User:{principal} "
            f"{asked} --{resource} {name}{pattern}"
        )
    return lines


def object_prefixes() -> dict[str, list[str]]:
    """For each service that keeps files, the prefixes that it alone may use."""
    return {service: [f"{service}/", f"{QUARANTINE}/{service}/"] for service in KEEP_OBJECTS}


def bucket_policy(bucket: str) -> str:
    """The same as an S3 bucket policy, in which a user has the name of its service."""
    statements: list[dict[str, object]] = []
    for service, prefixes in object_prefixes().items():
        who = {"AWS": [f"arn:aws:iam:::user/{service}"]}
        place = [f"arn:aws:s3:::{bucket}/{prefix}*" for prefix in prefixes]
        may = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        # What is under its digest is never written over and never removed; only what waits is.
        statements += [
            {"Sid": f"{service}Keeps", "Effect": "Allow", "Principal": who, "Action": may[:2], "Resource": place[:1]},
            {"Sid": f"{service}Waits", "Effect": "Allow", "Principal": who, "Action": may, "Resource": place[1:]},
        ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def written() -> str:
    """All of it as YAML, for compose and Helm; ``deploy/access/access.yaml`` holds this."""
    lines = ["topics:"]
    for topic in topics():
        lines += [f"  {topic.name}:", f"    writer: {topic.writer}", f"    readers: {_list(topic.readers)}"]
    lines += ["groups:  # every consumer group whose name begins so"]
    lines += [f"  {service}: {_list(heard_by(service))}" for service in sorted(SERVICES) if heard_by(service)]
    lines += ["objects:  # prefixes in the bucket, each of one service alone"]
    lines += [f"  {service}: {_list(prefixes)}" for service, prefixes in sorted(object_prefixes().items())]
    return "\n".join(lines) + "\n"


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"
