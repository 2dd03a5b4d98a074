"""The rest of the market as delivery's tests need it: a catalog with real bytes, a deposit, parties with keys."""

import csv
import hashlib
import hmac
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from google.protobuf.timestamp_pb2 import Timestamp

from delivery.domain.files import PART_BYTES, Manifest
from delivery.domain.use import Use
from delivery.ports import PartyKnown, ProductOffered
from kernel.canonical import canonical
from kernel.refusals import NotFound, Unpaid
from kernel.signatures import new_key, public_jwk, sign_compact
from yaosu.trading.v1.events_pb2 import ContractSigned
from yaosu.trading.v1.trading_service_pb2 import Contract

GROUPS = {
    "hypertension": "59621000", "diabetes": "44054006", "coronary_heart_disease": "53741008", "stroke": "230690007",
}  # fmt: skip
INSURER, OPERATOR, HOSPITAL = "pty_insurer", "pty_operator", "pty_hospital"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "medical"


class PartyUnknown(NotFound):
    """Nobody of that id."""

    zh = "无此主体"


class DepositExhausted(Unpaid):
    """The deposit is empty."""

    zh = "预存款不足"


def hmac_sm3(key: bytes, number: str) -> str:
    """Independent of the service: HMAC-SM3 of the number without hyphens."""
    return hmac.new(key, number.replace("-", "").encode(), "sm3").hexdigest()


@dataclass
class Person:
    """An insured person with a key of her own."""

    party_id: str
    id_number: str
    key: Any = field(default_factory=new_key)

    @property
    def pseudonym(self) -> str:
        """What the identity verifier vouched for."""
        return hmac_sm3(b"v" * 32, self.id_number)

    @property
    def key_id(self) -> str:
        """The registered key."""
        return f"key_{self.party_id}"

    def sign(self, receipt: dict[str, Any], *, key: Any = None, kid: str = "", typ: str = "consent-receipt+jws") -> str:
        """A receipt as compact JWS."""
        return sign_compact(canonical(receipt), key or self.key, kid or self.key_id, typ)


@dataclass
class Parties:
    """Onboarding."""

    people: dict[str, Person] = field(default_factory=dict)
    insurer_key: Any = field(default_factory=new_key)

    def add(self, party_id: str, id_number: str) -> Person:
        """Register a person."""
        person = self.people[party_id] = Person(party_id, id_number)
        return person

    async def party(self, party_id: str, at: datetime) -> PartyKnown:
        if party_id in self.people:
            person = self.people[party_id]
            return PartyKnown(party_id, "某人", {person.key_id: public_jwk(person.key)}, person.pseudonym)
        if party_id not in {INSURER, OPERATOR, HOSPITAL}:
            raise PartyUnknown
        return PartyKnown(party_id, f"名称 {party_id}", {f"key_{party_id}": public_jwk(self.insurer_key)}, "")


@dataclass
class Trade:
    """Trading: holds as long as the deposit lasts, once a use."""

    left: int = 1_000_000
    price_fen: int = 300
    held: dict[str, int] = field(default_factory=dict)
    before: Any = None

    async def hold_for_use(self, use: Use) -> int:
        if self.before is not None:
            await self.before(use)
        if use.id not in self.held:
            if self.left <= 0:
                raise DepositExhausted(contract_id=use.asked.contract_id)
            self.left -= 1
            self.held[use.id] = self.price_fen
        return self.held[use.id]


class Catalog:
    """Catalog: versions of real Parquet bytes, made from two CSV texts as the operator's recipe would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, dict[str, bytes]] = {}
        self.manifests: dict[str, Manifest] = {}
        self.numbers: dict[str, list[tuple[str, str]]] = {}
        self.latest = ""
        self.specification = ""
        self.authorisation_id = "aut_1"
        self.until = datetime(2100, 1, 1, tzinfo=UTC)
        self.reads = 0

    def publish(self, version_id: str, patients: str, conditions: str) -> None:
        """Drop, tokenise, generalise; one row a person, one row a diagnosis, all values text."""
        people = [
            (_row_token(row["Id"]), row["GENDER"], row["BIRTHDATE"][:4], row["DEATHDATE"][:4], row["CITY"])
            for row in csv.DictReader(io.StringIO(patients))
        ]  # fmt: skip
        diagnoses = [
            (_row_token(row["PATIENT"]), row["CODE"], row["START"], row["STOP"])
            for row in csv.DictReader(io.StringIO(conditions))
        ]
        self.numbers[version_id] = [
            (_row_token(row["Id"]), row["SSN"]) for row in csv.DictReader(io.StringIO(patients))
        ]
        self.put(version_id, {
            "people.parquet": self._parquet(["person", "gender", "birth_year", "deceased", "city"], people),
            "diagnoses.parquet": self._parquet(["person", "code", "onset", "abated"], diagnoses),
        })  # fmt: skip
        self.specification = specification()

    def put(self, version_id: str, files: dict[str, bytes]) -> None:
        """A version of any files."""
        listed = [
            {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "sm3": "0" * 64,
             "part_sha256s": [hashlib.sha256(data[at : at + PART_BYTES]).hexdigest()
                              for at in range(0, len(data), PART_BYTES)]}
            for name, data in sorted(files.items())
        ]  # fmt: skip
        text = canonical({"files": listed}).decode()
        self.files[version_id] = files
        self.manifests[version_id] = Manifest.read(text, hashlib.sha256(text.encode()).hexdigest())
        self.latest = version_id

    def _parquet(self, columns: list[str], rows: Sequence[tuple[str, ...]]) -> bytes:
        source, path = self._folder / "rows.csv", self._folder / "rows.parquet"
        with source.open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
        names = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
        duckdb.connect().execute(
            f"COPY (SELECT * FROM read_csv('{source}', columns = {{{names}}}, header = true)) TO '{path}'"  # noqa: S608 - the test's own names
        )
        return path.read_bytes()

    async def product(self, product_id: str) -> ProductOffered:
        digest = hashlib.sha256(self.specification.encode()).hexdigest()
        return ProductOffered(
            product_id, "dst_governed", "核保查询", self.specification, digest, self.authorisation_id, self.latest
        )

    async def authorised_until(self, authorisation_id: str) -> datetime:
        return self.until

    async def manifest(self, version_id: str) -> Manifest:
        return self.manifests[version_id]

    async def read_file(self, version_id: str, file_name: str) -> AsyncIterator[bytes]:
        self.reads += 1
        data = self.files[version_id][file_name]
        for at in range(0, len(data), 1_000_003):
            yield data[at : at + 1_000_003]

    async def index_subjects(self, version_id: str, contract_key: bytes) -> AsyncIterator[list[tuple[str, str, str]]]:
        yield [
            (row, hmac_sm3(contract_key, number), hmac_sm3(b"v" * 32, number))
            for row, number in self.numbers[version_id]
        ]


def _row_token(identifier: str) -> str:
    return hashlib.sha256(b"row" + identifier.encode()).hexdigest()


def specification(**changes: Any) -> str:
    """A product's specification in catalog's closed form."""
    members = {
        "deliveries": ["underwriting", "cohort"], "look_back_years": 100, "k_min": 20,
        "groups": [{"key": key, "name_zh": key, "name_en": key, "code_system": "SNOMED CT", "codes": [code]}
                   for key, code in GROUPS.items()],
        "subject": {
            "people": {"file": "people.parquet", "token": "person", "deceased": "deceased",
                       "birth_year": "birth_year", "gender": "gender", "region": "city"},
            "diagnoses": {"file": "diagnoses.parquet", "token": "person", "code": "code", "onset": "onset",
                          "abated": "abated"},
        },
        **changes,
    }  # fmt: skip
    return canonical({name: value for name, value in members.items() if value is not None}).decode()


def contract_signed(
    text: str, now: datetime, contract_id: str = "ctr_1", *, days: int = 365, selector: str = "latest_conforming",
    buyer: str = INSURER, deliveries: Sequence[str] = ("underwriting", "cohort"), purpose: str = "underwriting",
) -> ContractSigned:  # fmt: skip
    """What trading tells when both have signed."""
    contract = Contract(
        contract_id=contract_id, product_id="prd_1", dataset_id="dst_governed", lineage_root="dst_source",
        provider_party_id=OPERATOR, supplier_party_id=HOSPITAL, buyer_party_id=buyer, purpose=purpose,
        specification_digest=hashlib.sha256(text.encode()).hexdigest(), version_selector=selector,
        billing="per_call", price_fen=300, deliveries=deliveries, state="IN_FORCE", starts_at=_at(now),
        ends_at=_at(now + timedelta(days=days)),
    )  # fmt: skip
    return ContractSigned(contract_id=contract_id, contract=contract, signed_at=_at(now))


def _at(moment: datetime) -> Timestamp:
    at = Timestamp()
    at.FromDatetime(moment)
    return at


PATIENTS_HEAD = "Id,BIRTHDATE,DEATHDATE,SSN,GENDER,CITY"
CONDITIONS_HEAD = "START,STOP,PATIENT,CODE"
# One of each kind: several groups; one that ended; nothing at all; deceased; a diagnosis of no group.
PATIENTS = f"""{PATIENTS_HEAD}
p1,1950-01-05,,999-10-0001,F,Qingdao
p2,1961-02-01,,999-10-0002,M,Qingdao
p3,1975-01-01,,999-10-0003,F,Jinan
p4,1940-01-01,2019-01-01,999-10-0004,M,Jinan
p5,1988-08-08,,999-10-0005,M,Jinan"""
CONDITIONS = f"""{CONDITIONS_HEAD}
2001-05-01,,p1,59621000
2003-05-01,,p1,44054006
2001-05-01,2010-05-01,p2,230690007
1990-01-01,,p4,53741008
2019-06-01,2020-06-01,p5,444814009"""


def expected_answer(rows: list[dict[str, str]], as_of: date, years: int) -> tuple[str, dict[str, bool]]:
    """What the CSV rows of one person say, by plain Python."""
    start = as_of.replace(year=max(1, as_of.year - years)).isoformat()
    active = [row for row in rows if not row["STOP"] or row["STOP"] > start]
    groups = {name: any(row["CODE"] == code for row in active) for name, code in GROUPS.items()}
    return ("found" if active else "no_record"), groups


def as_of(conditions: str) -> date:
    """The newest day in the file."""
    days = [row[name] for row in csv.DictReader(io.StringIO(conditions)) for name in ("START", "STOP") if row[name]]
    return date.fromisoformat(max(days))
