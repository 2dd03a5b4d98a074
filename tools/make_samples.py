"""Writes the invented samples that ship with the project: ``python -m tools.make_samples [FOLDER]``."""

import sys
from pathlib import Path

from tools.sample_house import house
from tools.sample_persons import persons_and_diagnoses


def samples() -> dict[str, bytes]:
    """Each sample's file name and bytes."""
    persons, diagnoses = persons_and_diagnoses()
    return {"sample-persons.csv": persons, "sample-diagnoses.csv": diagnoses, "sample-house.ifc": house()}


def main() -> None:
    """Write them into the folder given, or into ``samples``."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "samples")
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in samples().items():
        (folder / name).write_bytes(data)
        print(f"{folder / name}: {len(data):,} bytes")


if __name__ == "__main__":
    main()
