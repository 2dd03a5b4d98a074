"""A worker process: reads tasks from its input line by line, does them, and answers on its output."""

import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from catalog.domain.recipe import recipe_of
from catalog.outbound.deriving import derive, refuse_identifiers
from catalog.outbound.indexing import check_columns, index_subjects
from catalog.outbound.profiling.elements import open_model
from catalog.outbound.profiling.models import profile_models
from catalog.outbound.profiling.opening import engine, open_files
from catalog.outbound.profiling.samples import sample_of
from catalog.outbound.profiling.sketches import sketch_models, sketch_opened
from catalog.outbound.profiling.tables import profile_opened
from kernel.refusals import Refusal

Json = dict[str, Any]  # Any: JSON values


def _look(task: Json) -> Iterator[Json]:
    """Profile, sketch and sample of a version's files, opened once."""
    paths = {name: Path(path) for name, path in task["files"].items()}
    as_of = date.fromisoformat(task["as_of"])
    if task["form"] == "bim":
        models = {name: open_model(name, path) for name, path in paths.items()}
        yield {"profile": profile_models(models, as_of), "sketch": sketch_models(models), "sample": []}
        return
    with engine(task["memory_limit"], task["threads"]) as connection:
        files = open_files(connection, paths)
        subject = task.get("subject")
        if subject:
            columns = {file.name: file.columns for file in files}
            check_columns(
                subject["file"], columns.get(subject["file"], ()), subject["key_column"], subject["identity_column"]
            )
        profile = profile_opened(connection, files, as_of)
        if task["governed"]:
            refuse_identifiers(profile)
        sample = sample_of(connection, files, profile, persons=task["persons"])
        yield {"profile": profile, "sketch": sketch_opened(connection, files), "sample": sample}


def _derive(task: Json) -> Iterator[Json]:
    sources = {name: Path(path) for name, path in task["files"].items()}
    made = derive(
        sources, recipe_of(task["recipe"]), bytes.fromhex(task["key"]), date.fromisoformat(task["as_of"]),
        Path(task["to"]), memory_limit=task["memory_limit"],
    )  # fmt: skip
    yield {"files": {name: str(path) for name, path in made.items()}}


def _index(task: Json) -> Iterator[Json]:
    dataset_key, contract_key, identity_key = (bytes.fromhex(key) for key in task["keys"])
    batches = index_subjects(
        task["name"], Path(task["path"]), task["key_column"], task["identity_column"],
        (dataset_key, contract_key, identity_key), memory_limit=task["memory_limit"],
    )  # fmt: skip
    for batch in batches:
        yield {"entries": batch}


TASKS: dict[str, Callable[[Json], Iterator[Json]]] = {"look": _look, "derive": _derive, "index": _index}


def work(tasks: TextIO, answers: TextIO) -> None:
    """Until the input ends. A failure is told by its class alone: its words may quote a person's data."""
    for line in tasks:
        task = json.loads(line)
        try:
            for part in TASKS[task["do"]](task):
                _say(answers, {"part": part})
            _say(answers, {"end": True})
        except Refusal as refusal:
            _say(answers, {"refusal": refusal.reason, "facts": refusal.facts})
        except Exception as error:  # noqa: BLE001 - whatever broken bytes bring about, the next task is another one
            _say(answers, {"failed": type(error).__name__})


def _say(answers: TextIO, answer: Json) -> None:
    answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
    answers.flush()


def main() -> None:
    """Keep the answers' pipe to ourselves, so that no library writes into it; live within the memory given."""
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    with answers:
        work(sys.stdin, answers)


if __name__ == "__main__":
    main()
