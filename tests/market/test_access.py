"""The map of who may write and read what follows the services' own code."""

import pytest

from market import access
from market.roster import SERVICES
from tools.survey import ROOT, built


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_exactly_what_it_reacts_to(service: str) -> None:
    assert access.heard_by(service) == sorted(built(service).reactions)


def test_every_topic_that_is_heard_is_told_by_somebody() -> None:
    told = {topic.name for topic in access.topics()}
    assert {topic for service in SERVICES for topic in access.heard_by(service)} <= told
    assert len(told) == len(SERVICES)


def test_nobody_may_write_a_topic_but_its_own_service() -> None:
    writes = [(rule.principal, rule.name) for rule in access.rules() if rule.operation == "Write"]
    assert writes == [(service, access.topic_of(service)) for service in sorted(SERVICES)]


def test_whoever_has_no_reaction_may_read_nothing() -> None:
    reads = {rule.principal for rule in access.rules() if rule.operation == "Read"}
    assert reads == {service for service in SERVICES if access.heard_by(service)}
    assert "onboarding" not in reads


def test_the_commands_say_what_the_rules_say() -> None:
    lines = access.kafka_acls("broker:9092")
    assert sum(line.count("--operation") for line in lines) == len(access.rules())
    assert (
        "kafka-acls.sh --bootstrap-server broker:9092 --add --allow-principal User:rights --operation Create "
        "--operation Describe --operation Write --topic yaosu.rights.v1"
    ) in lines


def test_exactly_the_services_that_are_given_objects_have_a_prefix() -> None:
    given = {name for name in SERVICES if "surroundings.objects" in bootstrap(name)}
    assert given == set(access.object_prefixes())


def bootstrap(service: str) -> str:
    """The text that puts a service together."""
    return (ROOT / "services" / service / "bootstrap.py").read_text()


def test_no_two_services_share_a_prefix() -> None:
    prefixes = [prefix for own in access.object_prefixes().values() for prefix in own]
    assert not [(a, b) for a in prefixes for b in prefixes if a != b and a.startswith(b)]
    assert '"arn:aws:s3:::market/catalog/*"' in access.bucket_policy("market")
