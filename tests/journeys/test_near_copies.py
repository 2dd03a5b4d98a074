"""Somebody else's file, written in another order or by another tool, is held for review when it is registered."""

import io
import json
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from market.demo.catalog_steps import publish_version
from market.demo.client import Actor, Door
from market.demo.copies import re_export, shuffle_rows
from market.demo.rights_steps import certify, submit
from market.demo.story import Story
from market.demo.world import STARTS_AT, World
from market.files import OPERATOR_FILE
from tests.journeys.inputs import SAMPLES, first_persons
from tests.market.process import Process

FORMS = {"bim": "2026年青岛市城阳区建筑设计联排住宅模型数据集", "table": "2026年青岛市城阳区设计业务统计数据集"}


async def _published(owner: Actor, form: str, source: Path) -> dict[str, str]:
    dataset = await owner.post("/catalog/v1/datasets", {
        "title": FORMS[form], "title_en": "Files of one's own", "description": "自有数据。",
        "description_en": "Data of one's own making.", "theme": "community", "form": form,
        "source_kind": "own_production",
    })  # fmt: skip
    version = await publish_version(owner, dataset["dataset_id"], {f"data{source.suffix}": source})
    return {"dataset_id": dataset["dataset_id"], "version_id": version["version_id"]}


async def _registered_by_another(copier: Actor, form: str, source: Path) -> str:
    copied = await _published(copier, form, source)
    filed = await submit(
        copier, {"dataset_id": copied["dataset_id"]}, version_id=copied["version_id"], profile="nda-2026",
        name=FORMS[form], source_kind="own_production", is_model=form == "bim",
    )  # fmt: skip
    return str(filed["state"])


@pytest.mark.journey
@pytest.mark.timeout(300)
async def test_a_re_exported_model_and_a_shuffled_table_are_held_and_other_data_are_not(data: Path) -> None:
    folder = data.with_name("inputs")
    others = first_persons(SAMPLES, 60, folder)
    shuffle_rows(SAMPLES.patients, shuffled := folder / "shuffled.csv")
    re_export(SAMPLES.bim, exported := folder / "exported.ifc")
    market = Process.market(data)
    market.start()
    market.answers("/health")
    async with httpx.AsyncClient(base_url=market.url, timeout=60) as http:
        operator = json.loads((data / OPERATOR_FILE).read_text())
        world = World(Door(http), Story(Console(file=io.StringIO())), data, operator)
        await world.go_to(STARTS_AT)
        await world.gather_cast()
        owner, copier = world["designer"], world["co_designer"]
        for form, source in (("table", SAMPLES.patients), ("bim", SAMPLES.bim)):
            first = await _published(owner, form, source)
            await certify(
                world, owner, dataset_id=first["dataset_id"], version_id=first["version_id"], profile="nda-2026",
                name=FORMS[form], source_kind="own_production", is_model=form == "bim",
            )  # fmt: skip
        assert await _registered_by_another(copier, "table", others.conditions) == "SUBMITTED"
        assert await _registered_by_another(copier, "table", shuffled) == "HELD_FOR_REVIEW"
        assert await _registered_by_another(copier, "bim", exported) == "HELD_FOR_REVIEW"
    market.stop()
