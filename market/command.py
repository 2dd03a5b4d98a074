"""The command line: open the market, tell the demo, verify a certificate, audit the promises, run one service."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import uvloop

from kernel.logs import set_up_logs
from market.complaints import Complaint
from market.production import app as production
from market.saying import DEFAULT_DATA, Data, clear_errors, console
from market.starting import begin_start, end_start
from market.verify.command import pin_trust, run_verify
from market.verify.refusals import NotVerified

app = typer.Typer(no_args_is_help=True, add_completion=False, help="要素 Yaosu: a data-element market, end to end.")

Known = TypeVar("Known")
Files = tuple[Path, Path, Path]
TrustFile = Annotated[Path | None, typer.Option(help="The trust file; else YAOSU_TRUST, else the pinned one.")]
VISIT = Path("var/visit")
_HERE = Path(__file__).resolve().parent
SAMPLES = next(folder for folder in (_HERE / "samples", _HERE.parent / "samples") if folder.is_dir())


@app.command()
def up(
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 8000,
) -> None:
    """Open the whole market in this process, until Ctrl-C."""
    begin_start()
    set_up_logs(os.environ.get("YAOSU_LOG_LEVEL", "INFO"))
    with clear_errors():
        uvloop.run(_up(data, port))


async def _up(data: Path, port: int) -> None:
    from market.embedded import open_market
    from market.files import OPERATOR_FILE

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    movable = os.environ.get("YAOSU_MOVABLE_CLOCK") == "1"
    async with open_market(data, port=port, movable_clock=movable) as market:
        end_start()
        pin_trust(json.loads(market.trust_path.read_bytes()), say=console.print)
        console.print(f"[bold green]市场已开放 The market is open:[/bold green] {market.url}")
        console.print(f"运营方凭证 The operator's credential: {data / OPERATOR_FILE}. Ctrl-C ends it.")
        await stopped.wait()
    console.print("市场已关闭，数据保存在 The market is closed; its data stay in " + str(data))


@app.command()
def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="The market's folder (var/market); with --url where papers go (var/visit)."),
    ] = None,
    patients: Annotated[Path, typer.Option(help="CSV of persons in Synthea's columns.")] = SAMPLES
    / "sample-persons.csv",
    conditions: Annotated[Path, typer.Option(help="CSV of diagnoses in Synthea's columns.")] = SAMPLES
    / "sample-diagnoses.csv",
    bim: Annotated[Path, typer.Option(help="A building model, IFC.")] = SAMPLES / "sample-house.ifc",
    report: Annotated[Path | None, typer.Option(help="Where the JSON report goes (report.json there).")] = None,
    url: Annotated[str, typer.Option(help="A market that runs already; else one of the demo's own.")] = "",
    operator: Annotated[Path | None, typer.Option(help="With --url: that market's operator.json.")] = None,
) -> None:
    """Tell both cases, from raw file to settled money and released pledge, over the public APIs."""
    set_up_logs("ERROR")
    folder = data or (VISIT if url else DEFAULT_DATA)
    files, report = (patients, conditions, bim), report or folder / "report.json"
    with clear_errors():
        for path in files:
            if not path.is_file():
                message = f"{path} is not there; give a file of that kind"
                raise Complaint(message)
        violations = _visit(url, operator, folder, files, report) if url else _tell(folder, files, report)
    if violations:
        raise typer.Exit(1)


def _tell(folder: Path, files: Files, report: Path) -> int:
    from market.demo.run import run_demo
    from market.demo.telling import Inputs

    return uvloop.run(run_demo(folder, Inputs(*files), report, console))


def _visit(url: str, operator: Path | None, folder: Path, files: Files, report: Path) -> int:
    from market.demo.telling import Inputs
    from market.demo.visit import tell_there

    if operator is None:
        message = "with --url give the market's operator.json with --operator"
        raise Complaint(message)
    uvloop.run(tell_there(url, operator, folder, Inputs(*files), report, console))
    return 0


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A certificate file.")],
    trust: TrustFile = None,
    require_witness: Annotated[str, typer.Option(help="A witness's verifier key that must have cosigned.")] = "",
    cosigned: Annotated[
        Path | None, typer.Option(help="The witness's checkpoint, as `yaosu witnessed` wrote it.")
    ] = None,
) -> None:
    """Check a certificate offline: its signature, that it stands in the log, and that a witness saw that log."""
    raise typer.Exit(run_verify(file, trust, required_witness=require_witness, cosigned=cosigned, say=_plainly))


def _plainly(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


@app.command()
def witness(
    market: Annotated[str, typer.Option(help="The market's address, e.g. http://127.0.0.1:8000.")],
    store: Annotated[Path, typer.Option(help="The witness's own folder: its key and what it saw.")],
    name: Annotated[str, typer.Option(help="The witness's name, a URL without its scheme.")],
    trust: TrustFile = None,
    every_seconds: Annotated[float, typer.Option(help="How long between two looks; 0 looks once.", min=0)] = 10.0,
) -> None:
    """Follow a market's log from outside: cosign what only grew, refuse what shrank or forked."""
    from market.verify.trust import Trust, trust_path
    from market.witnessing import run_witness

    with clear_errors():
        known = _trusted(lambda: Trust.from_file(trust_path(trust)))
        code = uvloop.run(run_witness(market, known, store, name, every_seconds, _plainly))
    raise typer.Exit(code)


@app.command()
def witnessed(
    certificate: Annotated[Path, typer.Argument(help="A certificate file.")],
    market: Annotated[str, typer.Option(help="The market's address; it gives the proof.")],
    checkpoint: Annotated[Path, typer.Option(help="The witness's cosigned checkpoint.")],
    out: Annotated[Path, typer.Option(help="Where to write the file for `yaosu verify --cosigned`.")],
    trust: TrustFile = None,
) -> None:
    """Fetch the proof that leads from a certificate to a witness's checkpoint, for verifying it offline later."""
    from market.verify.trust import Trust, trust_path
    from market.witnessing import write_proof

    with clear_errors():
        known = _trusted(lambda: Trust.from_file(trust_path(trust)))
        _trusted(lambda: uvloop.run(write_proof(certificate, checkpoint, market, known, out)))
    console.print(f"Written 已写入: {out}")


def _trusted(step: Callable[[], Known]) -> Known:
    try:
        return step()
    except NotVerified as refusal:
        message = f"{refusal.english} {refusal.chinese}"
        raise Complaint(message) from refusal


@app.command()
def audit(data: Data = DEFAULT_DATA) -> None:
    """Run the checker of every promise over the live data and print what was found."""
    set_up_logs("ERROR")
    with clear_errors():
        if not (data / "keys").is_dir():
            message = f"{data} holds no market; give its folder with --data"
            raise Complaint(message)
        violations = uvloop.run(_audit(data))
    if violations:
        raise typer.Exit(1)


async def _audit(data: Path) -> int:
    from market.audit import audit as look
    from market.audit import show
    from market.ground import Ground
    from market.stack.servers import within_reach

    async with within_reach(data):
        ground = await Ground.open(data, movable_clock=False)
        try:
            return show(await look(ground.server, ground.objects_of), console)
        finally:
            await ground.close()


app.add_typer(production)


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
