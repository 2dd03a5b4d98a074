"""Search, badges, products, sagas after a crash, and what the other services get over gRPC."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from sqlalchemy import text

from catalog.outbound import workshop
from catalog.ports import WorkerFailed
from kernel.rpc import Peer
from kernel.tokens import ServiceKeys
from tests.catalog.conftest import OPERATOR, RECIPE, VERIFIER, Market, ok, refused
from yaosu.catalog.v1 import catalog_service_pb2 as contract
from yaosu.catalog.v1.catalog_service_pb2_grpc import CatalogServiceStub
from yaosu.rights.v1.events_pb2 import CertificateContested, CertificateIssued, ReportIssued
from yaosu.rights.v1.rights_service_pb2 import Certificate

TABLE = b"a,b\n1,2\n3,4\n"


async def _published(market: Market, **changes: Any) -> dict[str, Any]:
    owner = market.client("pty_owner", "provider")
    dataset = await market.declare(owner, **changes)
    version = await market.upload(owner, dataset["dataset_id"], {"a.csv": TABLE})
    assert version["state"] == "PUBLISHED", version["refusal"]
    return dict(ok(await owner.get(f"/datasets/{dataset['dataset_id']}")))


async def test_search_finds_what_is_published_in_both_languages(market: Market) -> None:
    named = {"title": "城阳区建筑模型数据", "title_en": "Building models of Chengyang"}
    models = await _published(market, **named, theme="industry")
    await _published(market, title="气象观测数据集", title_en="Weather observations", theme="ecology")
    await market.declare(market.client("pty_owner", "provider"), title="未发布的建筑模型")
    public = market.client("")
    for words in ("建筑模型", "城阳 模型", "building model", "Models chengyang", "建", "ＢＵＩＬＤＩＮＧ"):
        found = ok(await public.get("/search", params={"q": words}))
        assert [entry["id"] for entry in found["items"]] == [models["dataset_id"]], words
    for words in ("建筑气象", "hospital", "!!!", "a & | ! ( :*", "'"):
        assert ok(await public.get("/search", params={"q": words}))["total"] == 0, words
    everything = ok(await public.get("/search", params={"limit": 1}))
    assert everything["facets"]["theme"] == {"ecology": 1, "industry": 1}
    assert (everything["total"], len(everything["items"])) == (2, 1)
    rest = ok(await public.get("/search", params={"limit": 1, "after": everything["next"]}))
    assert rest["items"][0]["id"] == models["dataset_id"]
    narrow = {"theme": "ecology", "form": "table", "kind": "dataset"}
    assert ok(await public.get("/search", params=narrow))["total"] == 1
    assert len(ok(await public.get("/themes"))) == 6


async def test_certificates_and_reports_show_as_badges(market: Market) -> None:
    dataset = await _published(market)
    about = dataset["dataset_id"]
    issued = CertificateIssued(registration_id="reg_1", certificate=Certificate(number="YS-1", dataset_id=about))
    issued.certificate.expires_at.FromDatetime(datetime(2031, 1, 1, tzinfo=UTC))
    await market.running.hear(issued, about="reg_1")
    report = ReportIssued(report_id="rep_1", kind="quality", dataset_id=about, conclusion="A")
    await market.running.hear(report, about="rep_1")
    entry = ok(await market.client("").get("/search"))["items"][0]
    assert [badge["label"] for badge in entry["badges"]] == ["YS-1", "quality: A"]
    await market.running.hear(CertificateContested(registration_id="reg_1", number="YS-1"), about="reg_1")
    entry = ok(await market.client("").get("/search"))["items"][0]
    assert [badge["label"] for badge in entry["badges"]] == ["quality: A"]
    assert await market.running.dead_letters() == []


async def test_a_product_needs_what_its_specification_reads(market: Market) -> None:
    owner = market.client("pty_owner", "provider")
    dataset = await _published(market)
    columns = ["a", "z"]
    specification = {"deliveries": ["file"], "schema": [{"file": "a.csv", "columns": columns}]}
    making = {"dataset_id": dataset["dataset_id"], "name": "表", "description": "x", "specification": specification}
    draft = ok(await owner.post("/products", json=making))
    stranger = market.client("pty_x", "provider")
    refused(await stranger.get(f"/products/{draft['product_id']}"), 404, "product-not-found")
    refused(await stranger.post("/products", json=making), 404, "dataset-not-found")
    answer = await owner.post(f"/products/{draft['product_id']}:publish", json={})
    problem = refused(answer, 409, "specification-not-met")
    assert problem["columns"] == ["z"]
    columns.remove("z")
    product = ok(await owner.post("/products", json=making))
    ok(await owner.post(f"/products/{product['product_id']}:publish", json={}))
    refused(await owner.post(f"/products/{product['product_id']}:publish", json={}), 409, "product-not-draft")
    listed = ok(await stranger.get("/products"))["items"]
    assert [each["product_id"] for each in listed] == [product["product_id"]]
    digest = hashlib.sha256(b'{"deliveries":["file"],"schema":[{"columns":["a"],"file":"a.csv"}]}').hexdigest()
    assert listed[0]["specification_digest"] == digest


async def test_source_kinds_are_for_those_who_may_declare_them(market: Market) -> None:
    owner = market.client("pty_owner", "provider")
    declaring = {"title": "x", "description": "x", "theme": "industry", "form": "table"}
    for kind in ("public_body", "public_product", "derived"):
        refused(await owner.post("/datasets", json={**declaring, "source_kind": kind}), 422, "source-kind-not-yours")
    subject = {"file": "a.ifc", "key_column": "k", "identity_column": "i"}
    model = {**declaring, "form": "bim", "source_kind": "own_production", "subject": subject}
    refused(await owner.post("/datasets", json=model), 422, "subject-not-for-models")
    refused(await owner.post("/datasets", json={**declaring, "source_kind": "found"}), 422, "invalid-fields")
    refused(await market.client("pty_b", "buyer").post("/datasets", json=declaring), 403, "role-missing")


async def test_what_was_left_half_way_is_carried_on(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = market.client("pty_owner", "provider")
    dataset = await market.declare(owner)
    right = workshop.Workshop.look
    calls = 0

    async def breaks_down(self: Any, *args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            message = "killed"
            raise WorkerFailed(message)
        return await right(self, *args, **named)

    monkeypatch.setattr(workshop.Workshop, "look", breaks_down)
    version = await market.upload(owner, dataset["dataset_id"], {"a.csv": TABLE})
    assert (version["state"], version["number"], calls) == ("PUBLISHED", 1, 2)

    async def always_breaks_down(self: Any, *args: Any, **named: Any) -> Any:
        message = "late"
        raise WorkerFailed(message)

    monkeypatch.setattr(workshop.Workshop, "look", always_breaks_down)
    failed = await market.upload(owner, dataset["dataset_id"], {"a.csv": TABLE})
    assert (failed["state"], failed["refusal"]["reason"]) == ("FAILED", "ProfilingGaveUp")
    assert len(await market.running.told()) == 1
    assert await market.running.violations() == []


async def test_a_worker_that_is_late_is_killed_and_replaced(market: Market, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE)
    late = workshop.Workshop(processes=1, memory_mib=512, deadline_seconds=0.01, tasks_per_process=5)
    when = (await market.running.clock.now()).date()
    asked: dict[str, Any] = {"subject": None, "persons": False, "governed": False}
    with pytest.raises(WorkerFailed):
        await late.look("table", {"a.csv": path}, when, **asked)
    late._deadline_seconds = 60
    assert (await late.look("table", {"a.csv": path}, when, **asked)).profile["rows"] == 2
    await late.close()


async def test_published_bytes_cannot_be_changed_even_by_us(market: Market) -> None:
    dataset = await _published(market)
    for statement in (
        "UPDATE versions SET digest = 'x'", "DELETE FROM versions", "UPDATE version_files SET size = 1",
        "DELETE FROM version_files",
    ):  # fmt: skip
        with pytest.raises(Exception, match="never change"):
            async with market.running.given.database.transaction() as conn:
                await conn.execute(text(statement))
    assert dataset["latest_version_id"]


async def _peer(market: Market, tmp_path: Path, name: str) -> Peer:
    address = f"unix:{tmp_path}/catalog.sock"
    await market.running.host.listen(address)
    return Peer("catalog", grpc.aio.insecure_channel(address), ServiceKeys(tmp_path / "keys", name))


async def test_delivery_reads_facts_bytes_and_the_index(market: Market, tmp_path: Path) -> None:
    raw = await market.hospital_data()
    governed = await market.derive(raw["version_id"])
    product = await market.product(governed["dataset_id"])
    verifier = market.client(VERIFIER, "identity_verifier")
    ok(await verifier.put("/identity-key", json={"key_hex": "11" * 32}))
    peer = await _peer(market, tmp_path, "delivery")
    stub = peer.stub(CatalogServiceStub)
    found = (await peer.call(stub.GetProduct, contract.GetProductRequest(product_id=product["product_id"]))).product
    assert (found.owner_party_id, found.lineage_root, found.HasField("ceiling_price_fen")) == (
        OPERATOR, raw["dataset_id"], False,
    )  # fmt: skip
    asked = contract.GetVersionRequest(version_id=found.latest_version_id)
    version = (await peer.call(stub.GetVersion, asked)).version
    assert hashlib.sha256(version.manifest.encode()).hexdigest() == version.digest
    asked_file = contract.ReadFileRequest(version_id=version.version_id, file_name="people.parquet")
    content = b"".join([part.chunk async for part in peer.stream(stub.ReadFile, asked_file)])
    assert hashlib.sha256(content).hexdigest() in version.manifest
    index = contract.IndexSubjectsRequest(version_id=version.version_id, contract_key=b"k" * 32)
    entries = [entry async for part in peer.stream(stub.IndexSubjects, index) for entry in part.entries]
    assert len({entry.subject_token for entry in entries}) == 40
    authorisation = contract.GetAuthorisationRequest(authorisation_id=found.authorisation_id)
    assert (await peer.call(stub.GetAuthorisation, authorisation)).authorisation.in_force
    raw_index = contract.IndexSubjectsRequest(version_id=raw["version_id"], contract_key=b"k" * 32)
    with pytest.raises(Exception, match="SubjectsNotIndexable"):
        _ = [part async for part in peer.stream(stub.IndexSubjects, raw_index)]
    await market.running.host._server.stop(None)  # type: ignore[union-attr]  # it listens


async def test_no_other_service_asks_for_the_index(market: Market, tmp_path: Path) -> None:
    peer = await _peer(market, tmp_path, "trading")
    stub = peer.stub(CatalogServiceStub)
    with pytest.raises(Exception, match="TokenInvalid"):
        _ = [part async for part in peer.stream(stub.IndexSubjects, contract.IndexSubjectsRequest())]
    with pytest.raises(Exception, match="ProductNotFound"):
        await peer.call(stub.GetProduct, contract.GetProductRequest(product_id="prd_none"))
    await market.running.host._server.stop(None)  # type: ignore[union-attr]  # it listens


async def test_a_retry_of_a_derivation_is_the_same_derivation(market: Market) -> None:
    raw = await market.hospital_data()
    asking = {"title": "x", "description": "x", "recipe": RECIPE, "source_version_ids": [raw["version_id"]]}
    headers = {"Idempotency-Key": "one"}
    answers = [await market.operator.post("/derivations", json=asking, headers=headers) for _ in range(2)]
    assert ok(answers[0]) == ok(answers[1])
    again = {**asking, "source_version_ids": [raw["version_id"]] * 2}
    refused(await market.operator.post("/derivations", json=again, headers=headers), 422, "key-reused")
