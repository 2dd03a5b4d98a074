"""The log as a service: deposits in, positions, checkpoints and proofs out."""

import asyncio
from base64 import b64decode
from hashlib import sha256

import httpx
import pytest
import rfc8785
from sqlalchemy import text

from evidence.domain.deposit import Deposit
from evidence.inbound.grpc import Prover
from evidence.outbound.events import as_contract
from evidence.outbound.storage import SqlWork
from evidence.use_cases import logs
from kernel.refusals import NotFound
from market.verify import Trust, merkle, verify_text
from market.verify.checkpoint import Checkpoint, VerifierKey
from tests.evidence.oracle import root_of
from tests.verify.issuing import SmallMarket
from yaosu.evidence.v1.events_pb2 import CheckpointSigned, Deposited
from yaosu.evidence.v1.evidence_service_pb2 import GetProofRequest
from yaosu.rights.v1.events_pb2 import CertificateContested, RegistrationRecorded


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


async def deposit(evidence, *datas: bytes) -> None:
    for data in datas:
        event = RegistrationRecorded(registration_id=f"reg_{digest(data)[:8]}")
        await evidence.hear(event, about=event.registration_id, deposit=data)


async def recompute(client: httpx.AsyncClient) -> tuple[int, bytes]:
    """What a monitor does: read every entry and grow the tree."""
    leaves, after = [], -1
    while after is not None:
        page = (await client.get("/entries", params={"after": after, "limit": 3})).json()
        assert [item["index"] for item in page["items"]] == list(range(after + 1, after + 1 + len(page["items"])))
        leaves += [bytes.fromhex(item["leaf_hash"]) for item in page["items"]]
        after = page["next"]
    return len(leaves), root_of(leaves)


async def test_deposited_bytes_get_a_place_a_checkpoint_and_a_proof(service):
    evidence = await service("evidence")
    client = evidence.client_for()
    datas = [f"record {number}".encode() for number in range(7)]
    await deposit(evidence, *datas)
    key = (await client.get("/key")).json()
    note = (await client.get("/checkpoint")).text
    checkpoint = Checkpoint.read(note)
    checkpoint.verify(key["origin"], VerifierKey.read(key["vkey"]))
    assert await recompute(client) == (7, checkpoint.root)
    for number, data in enumerate(datas):
        entry = (await client.get(f"/deposits/{digest(data)}")).json()
        assert (entry["state"], entry["index"], entry["size_bytes"]) == ("DEPOSITED", number, len(data))
        proof = (await client.get(f"/deposits/{digest(data)}/proof")).text
        head, _, proof_note = proof.partition("\n\n")
        lines = head.split("\n")
        assert lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {number}"]
        assert proof_note == note
        path = [b64decode(line) for line in lines[2:]]
        assert merkle.is_included(merkle.leaf_hash(data), number, 7, path, checkpoint.root)


async def test_each_deposit_is_told_of_once_with_the_checkpoint_that_covers_it(service):
    evidence = await service("evidence")
    await deposit(evidence, b"one", b"two")
    told = await evidence.told()
    deposited = [event for event in told if isinstance(event, Deposited)]
    signed = [event for event in told if isinstance(event, CheckpointSigned)]
    assert [(event.deposit_sha256, event.index) for event in deposited] == [(digest(b"one"), 0), (digest(b"two"), 1)]
    assert deposited[0].topic == "yaosu.rights.v1"
    assert deposited[0].aggregate_id.startswith("reg_")
    assert signed[-1].size == 2
    assert abs(deposited[1].deposited_at.ToDatetime() - signed[-1].signed_at.ToDatetime()).total_seconds() == 0
    assert await evidence.violations() == []


async def test_the_same_bytes_have_one_place_and_the_first_deposit_counts(service):
    evidence = await service("evidence")
    await deposit(evidence, b"one")
    again = CertificateContested(registration_id="reg_other")
    await evidence.hear(again, about="reg_other", deposit=b"one")
    await evidence.drain()
    entry = (await evidence.client_for().get(f"/deposits/{digest(b'one')}")).json()
    assert (entry["index"], entry["aggregate_id"]) == (0, f"reg_{digest(b'one')[:8]}")
    assert Checkpoint.read((await evidence.client_for().get("/checkpoint")).text).size == 1
    assert len([event for event in await evidence.told() if isinstance(event, Deposited)]) == 1
    assert await evidence.dead_letters() == []


async def test_an_event_without_bytes_leaves_nothing(service):
    evidence = await service("evidence")
    await evidence.hear(RegistrationRecorded(registration_id="reg_1"), about="reg_1")
    answer = await evidence.client_for().get("/checkpoint")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/nothing-deposited-yet")
    assert await evidence.dead_letters() == []


async def test_events_of_a_type_unknown_here_are_deposited_too(service):
    evidence = await service("evidence")
    await evidence.hear(CertificateContested(registration_id="reg_1", reason="x"), about="reg_1", deposit=b"bytes")
    assert (await evidence.client_for().get(f"/deposits/{digest(b'bytes')}")).json()["state"] == "DEPOSITED"


async def test_the_log_is_proved_to_have_only_grown(service):
    evidence = await service("evidence")
    client = evidence.client_for()
    notes = []
    for number in range(6):
        await deposit(evidence, f"record {number}".encode(), f"more {number}".encode())
        notes.append(Checkpoint.read((await client.get("/checkpoint")).text))
    for old in notes:
        for new in notes:
            if old.size > new.size:
                continue
            proved = (await client.get("/consistency", params={"from_size": old.size, "to_size": new.size})).json()
            path = [b64decode(value) for value in proved["proof"]]
            assert (proved["from_root"], proved["to_root"]) == (old.root.hex(), new.root.hex())
            assert merkle.is_consistent(old.size, new.size, old.root, new.root, path)
    earlier = await client.get(f"/checkpoints/{notes[0].size}")
    assert Checkpoint.read(earlier.text) == notes[0]


async def test_the_service_that_writes_a_certificate_gets_its_whole_file(service):
    evidence = await service("evidence")
    await deposit(evidence, b"first", b"the credential")
    prover = Prover(evidence.ports)
    answer = await prover.GetProof(GetProofRequest(deposit_sha256=digest(b"first"), extra_data=b"first"), None)
    assert answer.tlog_proof.split("\n")[1] == "extra Zmlyc3Q="
    assert answer.index == 0
    assert answer.deposited_at.seconds > 0
    with pytest.raises(NotFound):
        await prover.GetProof(GetProofRequest(deposit_sha256=digest(b"unknown")), None)


async def test_a_deposit_that_waits_is_not_proved(service):
    evidence = await service("evidence")
    await wait_only(evidence, [b"waiting"])
    client = evidence.client_for()
    assert (await client.get(f"/deposits/{digest(b'waiting')}")).json()["state"] == "PENDING"
    answer = await client.get(f"/deposits/{digest(b'waiting')}/proof")
    assert (answer.status_code, answer.json()["reason"]) == (404, "DepositNotCoveredYet")


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/deposits/" + "0" * 64, 404, "DepositNotFound"),
        ("/deposits/" + "0" * 64 + "/proof", 404, "DepositNotFound"),
        ("/deposits/" + "A" * 64, 422, "InvalidFields"),
        ("/deposits/xyz", 422, "InvalidFields"),
        ("/checkpoints/5", 404, "CheckpointNotFound"),
        ("/checkpoints/-1", 422, "InvalidFields"),
        ("/checkpoints/99999999999999999999999", 422, "InvalidFields"),
        ("/consistency?from_size=2&to_size=1", 422, "SizesOutOfOrder"),
        ("/consistency?from_size=0&to_size=9", 404, "TreeSmaller"),
        ("/consistency?from_size=1.5&to_size=2", 422, "InvalidFields"),
        ("/consistency", 422, "InvalidFields"),
        ("/entries?limit=1001", 422, "InvalidFields"),
        ("/entries?after=x", 422, "InvalidFields"),
    ],
)
async def test_bad_requests_are_refused_with_what_to_do(service, path, status, reason):
    evidence = await service("evidence")
    await deposit(evidence, b"one")
    answer = await evidence.client_for().get(path)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.json()["detail"]


async def test_the_key_is_made_once_and_lies_sealed(service):
    evidence = await service("evidence")
    opened = await asyncio.gather(*(logs.open_log(evidence.ports) for _ in range(8)))
    assert len({log.vkey for log in opened}) == 1
    async with evidence.given.database.transaction() as conn:
        row = (await conn.execute(text("SELECT sealed_seed FROM logs"))).one()
    seed = evidence.given.sealer.unseal(row.sealed_seed)
    assert len(seed) == 32
    assert seed not in row.sealed_seed


async def wait_only(evidence, datas: list[bytes]) -> None:
    """Take deposits in without the sequencer."""
    async with evidence.ports.work(None) as work:
        for data in datas:
            await work.deposits.add([Deposit.of(data, topic="t", event_id="e", aggregate_id="a", recorded_at=work.now)])


async def test_sequencers_that_race_leave_one_line_without_gaps(service):
    evidence = await service("evidence")
    for batch in range(5):
        datas = [f"{batch}/{number}".encode() for number in range(20)]
        await asyncio.gather(
            *(wait_only(evidence, datas[part::4]) for part in range(4)),
            *(logs.place_waiting_deposits(evidence.ports) for _ in range(3)),
        )
    await evidence.drain()
    client = evidence.client_for()
    size, root = await recompute(client)
    assert (size, root) == (100, Checkpoint.read((await client.get("/checkpoint")).text).root)
    assert await evidence.violations() == []


class _Stopped(Exception):  # noqa: N818 - stands for a kill
    pass


@pytest.mark.parametrize("step", ["place", "nodes", "checkpoint", "grow", "commit"])
async def test_a_sequencer_that_stops_half_way_leaves_nothing_and_goes_on(service, monkeypatch, step):
    evidence = await service("evidence")
    await deposit(evidence, b"before")
    await wait_only(evidence, [b"one", b"two", b"three"])

    async def stop(*_args: object) -> None:
        raise _Stopped

    class Stopping(SqlWork):
        async def opened(self) -> None:
            await super().opened()
            target, name = {
                "place": (self.deposits, "place"), "nodes": (self.nodes, "add"),
                "checkpoint": (self.checkpoints, "add"), "grow": (self.logs, "grow"), "commit": (self, "unused"),
            }[step]  # fmt: skip
            setattr(target, name, stop)

        async def _finish(self) -> None:
            await super()._finish()
            if self._tellings and step == "commit":
                raise _Stopped

    sound = evidence.ports.work
    object.__setattr__(evidence.ports, "work", Stopping.opener(evidence.given.database, as_contract))
    with pytest.raises(_Stopped):
        await logs.place_waiting_deposits(evidence.ports)
    object.__setattr__(evidence.ports, "work", sound)
    assert Checkpoint.read((await evidence.client_for().get("/checkpoint")).text).size == 1
    assert await evidence.violations() == []
    await evidence.drain()
    assert Checkpoint.read((await evidence.client_for().get("/checkpoint")).text).size == 4
    assert len([event for event in await evidence.told() if isinstance(event, Deposited)]) == 4
    assert await evidence.violations() == []


async def test_a_certificate_written_from_the_services_proof_verifies_offline(service):
    """The whole way: deposit, proof with the credential as extra data, trust from the published key."""
    evidence = await service("evidence")
    issuing = SmallMarket()
    jwt = issuing.signed()
    await deposit(evidence, b"the registration record", jwt, b"another's")
    key = (await evidence.client_for().get("/key")).json()
    trust = issuing.trust(log={"origin": key["origin"], "vkey": key["vkey"]})
    answer = await Prover(evidence.ports).GetProof(GetProofRequest(deposit_sha256=digest(jwt), extra_data=jwt), None)
    verdict = verify_text(answer.tlog_proof.encode(), Trust.from_json(rfc8785.dumps(trust)))
    assert (verdict.index, verdict.tree_size, verdict.credential_sha256) == (1, 3, digest(jwt))
