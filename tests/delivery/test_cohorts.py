"""Cohorts: at least k persons, and no two answers that single anybody out."""

import asyncio
import csv
import io
from typing import Any

import httpx
import pytest

from delivery.domain.cohort import Earlier, Group, Population, need_distance, release
from delivery.domain.refusals import CohortBudgetSpent, CohortTooClose, CohortTooSmall
from tests.delivery.conftest import Delivery, StartDelivery
from tests.delivery.market import CONDITIONS_HEAD, GROUPS, PATIENTS_HEAD, SHARED

K = 20


def _town() -> tuple[str, str]:
    """60 women and 41 men of Jinan, 25 women and 5 men of Qingdao; every second has hypertension, two had a stroke."""
    patients, conditions, number = [PATIENTS_HEAD], [CONDITIONS_HEAD], 0
    for city, gender, count, year in (
        ("Jinan", "F", 60, 1950), ("Jinan", "M", 41, 1961), ("Qingdao", "F", 25, 1950), ("Qingdao", "M", 5, 1961),
    ):  # fmt: skip
        for place in range(count):
            number += 1
            patients.append(f"p{number},{year}-01-01,,999-20-{number:04d},{gender},{city}")
            if place % 2:
                conditions.append(f"2001-05-01,,p{number},59621000")
            if place < 2:
                conditions.append(f"2001-05-01,2002-01-01,p{number},230690007")
    return "\n".join(patients), "\n".join(conditions)


@pytest.fixture
async def town(start: StartDelivery) -> Delivery:
    """A contract in force over a town."""
    return await start(*_town())


async def _ask(delivery: Delivery, key: str = "", **members: Any) -> httpx.Response:
    body = {"contract_id": "ctr_1", "measure": "count", **members}
    headers = {"Idempotency-Key": key} if key else {}
    return await delivery.insurer.post("/cohort-queries", json=body, headers=headers)


async def test_distinct_persons_are_counted_and_small_groups_left_out(town: Delivery) -> None:
    told = (await _ask(town, group_by=["gender", "region"], measure="prevalence")).json()
    shown = {(group["by"]["gender"], group["by"]["region"]): group for group in told["groups"]}
    # 5 men of Qingdao are too few, and so is what all the others would leave: the next smallest goes as well.
    assert {name: group["persons"] for name, group in shown.items()} == {("F", "Jinan"): 60, ("M", "Jinan"): 41}
    assert (told["groups_suppressed"], told["k"], told["charged"]) == (2, K, True)
    prevalence = shown["F", "Jinan"]["prevalence"]
    assert prevalence["hypertension"] == 30
    assert prevalence["stroke"] is None  # two persons
    assert await town.told_kinds() == ["UseMetered"]
    assert await town.running.violations() == []


async def test_the_same_person_counts_once(start: StartDelivery) -> None:
    patients, conditions = _town()
    twice = patients + "".join("\nq" + line[1:] for line in patients.splitlines()[1:])
    delivery = await start(twice, conditions)
    assert (await _ask(delivery)).json()["groups"][0]["persons"] == 131


async def test_a_population_under_k_is_refused_and_costs_nothing(town: Delivery) -> None:
    refused = await _ask(town, filters={"gender": ["M"], "region": ["Qingdao"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/cohort-too-small")
    assert await town.told_kinds() == ["UseRefused"]


async def test_two_answers_may_not_differ_by_fewer_than_k_persons(town: Delivery) -> None:
    assert (await _ask(town, filters={"gender": ["M"]})).json()["groups"][0]["persons"] == 46
    refused = await _ask(town, filters={"gender": ["M"], "region": ["Jinan"]})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/cohort-too-close")
    # Grouped, the same men would come out among others.
    assert (await _ask(town, group_by=["gender", "region"])).json()["type"] == "/problems/cohort-too-close"
    assert (await _ask(town, filters={"gender": ["M"]})).status_code == 200
    assert (await _ask(town, filters={"gender": ["F"]})).status_code == 200
    assert await town.told_kinds() == ["UseMetered", "UseRefused", "UseRefused", "UseMetered", "UseMetered"]
    assert await town.running.violations() == []


async def test_two_close_questions_at_once_get_one_answer(town: Delivery) -> None:
    answers = await asyncio.gather(
        _ask(town, filters={"gender": ["M"]}), _ask(town, filters={"gender": ["M"], "region": ["Jinan"]})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_retry_tells_the_same_cohort(town: Delivery) -> None:
    first, again = await _ask(town, "k", group_by=["gender"]), await _ask(town, "k", group_by=["gender"])
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert len(town.trade.held) == 1


@pytest.mark.parametrize(
    "members",
    [{"filters": {"gender": ["F'; DROP TABLE persons; --"], "name": ["x"]}}, {"group_by": ["subject_token"]},
     {"measure": "sum"}, {"filters": {"birth_decade": ["1955"]}}, {"filters": {"gender": []}}, {"sql": "SELECT 1"},
     {"look_back_years": 0}, {"group_by": ["gender"] * 4}],
)  # fmt: skip
async def test_only_the_closed_vocabulary_is_taken(town: Delivery, members: dict[str, Any]) -> None:
    assert (await _ask(town, **members)).status_code == 422


async def test_a_value_is_a_value_and_never_sql(town: Delivery) -> None:
    refused = await _ask(town, filters={"gender": ["F') OR ('1'='1"]})
    assert refused.json()["type"] == "/problems/cohort-too-small"


async def test_the_real_file_is_counted_as_the_csv_says(start: StartDelivery) -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared inputs are not here")
    patients, conditions = (SHARED / "patients.csv").read_text(), (SHARED / "conditions.csv").read_text()
    delivery = await start(patients, conditions)
    told = (await _ask(delivery, group_by=["gender"], measure="prevalence")).json()
    number = {row["Id"]: (row["GENDER"], row["SSN"]) for row in csv.DictReader(io.StringIO(patients))}
    persons = set(number.values())
    rows = list(csv.DictReader(io.StringIO(conditions)))
    for group in told["groups"]:
        gender = group["by"]["gender"]
        assert group["persons"] == len({each for each in persons if each[0] == gender})
        for name, count in group["prevalence"].items():
            having = {number[row["PATIENT"]] for row in rows if row["CODE"] == GROUPS[name]}
            expected = len({each for each in having if each[0] == gender})
            assert count == (expected if K <= expected <= group["persons"] - K else None)


def test_who_is_left_out_hides_among_k() -> None:
    groups = [Group({"g": str(size)}, size, {}) for size in (3, 21, 60)]
    released = release(groups, K)
    assert [group.persons for group in released.groups] == [60]
    assert released.suppressed == 2
    with pytest.raises(CohortTooSmall):
        release([Group({}, 3, {}), Group({}, 19, {})], K)


def test_distance_is_kept_to_every_earlier_population_and_across_versions() -> None:
    cells = [
        ({"gender": "F", "region": "a"}, 50),
        ({"gender": "F", "region": "b"}, 5),
        ({"gender": "M", "region": "a"}, 40),
    ]
    women, women_a = (
        Population({"gender": frozenset("F")}),
        Population({"gender": frozenset("F"), "region": frozenset("a")}),
    )
    with pytest.raises(CohortTooClose):
        need_distance([(women_a, 50)], [Earlier(women, 55, "v1")], cells, K, "v1", 10)
    with pytest.raises(CohortTooClose):
        need_distance([(women, 55)], [Earlier(women, 50, "v0")], cells, K, "v1", 10)
    with pytest.raises(CohortTooClose):
        need_distance([(women, 55), (women_a, 50)], [], cells, K, "v1", 10)
    need_distance([(women, 55)], [Earlier(women, 25, "v0")], cells, K, "v1", 10)
    with pytest.raises(CohortBudgetSpent):
        need_distance([(women, 55)], [Earlier(women, 55, "v1")], cells, K, "v1", 1)
