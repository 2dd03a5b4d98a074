"""Registration from draft to certificate, and everything that stops it on the way."""

from tests.rights.conftest import Centre, done


async def test_a_registration_becomes_a_certificate(centre: Centre) -> None:
    subject, certificate = await centre.certified()
    assert certificate["number"] == "YS-2026-000001"
    assert certificate["state"] == "CERTIFIED"
    assert certificate["version_digest"] == subject.version_digest
    assert {holder["right"] for holder in certificate["holders"]} == {"HOLD", "USE", "OPERATE"}
    registration = done(await centre.designer.get(f"/registrations/{certificate['registration_id']}"))
    states = [step["state"] for step in registration["history"]]
    assert states == ["SUBMITTED", "ACCEPTED", "REVIEWING", "NOTICING", "DEPOSITING", "SIGNED", "CERTIFIED"]
    names = [type(event).__name__ for event in await centre.running.told()]
    assert names[-4:] == ["RegistrationRecorded", "RegistrationDeposited", "CertificateSigned", "CertificateIssued"]
    assert await centre.running.violations() == []
