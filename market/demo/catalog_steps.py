"""Steps at the catalogue that both cases have: announcing, uploading and publishing a version."""

from pathlib import Path
from typing import Any

from market.demo.client import Actor, Refused
from market.demo.world import file_stream


async def publish_version(actor: Actor, dataset_id: str, files: dict[str, Path]) -> dict[str, Any]:
    """Announce, upload in streams, publish; the version when its profile is made."""
    opened = await actor.post(
        f"/catalog/v1/datasets/{dataset_id}/versions", {"files": [{"name": name} for name in files]}
    )
    path = f"/catalog/v1/versions/{opened['version_id']}"
    for name, source in files.items():
        media_type = "text/csv" if name.endswith(".csv") else "application/octet-stream"
        await actor.upload(f"{path}/files/{name}", file_stream(source), source.stat().st_size, media_type)
    await actor.post(f"{path}:publish")
    version: dict[str, Any] = await actor.until(path, "state", "PUBLISHED", "FAILED")
    if version["state"] == "FAILED":
        raise Refused(version["refusal"], path)
    return version
