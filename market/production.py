"""The commands of production: the stack on one machine, and each of its processes by itself."""

import os
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from kernel.logs import set_up_logs
from market.complaints import Complaint
from market.roster import SERVICES
from market.saying import DEFAULT_DATA, Data, clear_errors, console
from market.starting import begin_start

app = typer.Typer()
Service = Annotated[str, typer.Argument(help=", ".join(SERVICES))]
Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 in a container.")]


@app.command()
def serve(
    service: Service,
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option(help="The port of its HTTP API.")] = 8001,
    host: Host = "127.0.0.1",
) -> None:
    """Production: one service's HTTP and gRPC servers in a process of their own."""
    begin_start()
    from market.processes import serve_one

    set_up_logs(os.environ.get("YAOSU_LOG_LEVEL", "INFO"))
    with clear_errors():
        uvloop.run(serve_one(_known(service), data, port, host))


@app.command()
def work(
    service: Service,
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option(help="The port that shows its health and numbers; 0: none.")] = 0,
    host: Host = "127.0.0.1",
) -> None:
    """Production: one service's worker (relay, reactions, clocks) in a process of its own."""
    begin_start()
    from market.processes import work_one

    set_up_logs(os.environ.get("YAOSU_LOG_LEVEL", "INFO"))
    with clear_errors():
        uvloop.run(work_one(_known(service), data, port, host))


@app.command()
def migrate(
    services: Annotated[list[str] | None, typer.Argument(help="Which; all if none is named.")] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Production: bring the services' databases to their newest form; with onboarding's, make the first operator."""
    from market import processes

    with clear_errors():
        names = [_known(service) for service in services or SERVICES]
        uvloop.run(processes.migrate(names, data))
    for name in names:
        console.print(f"{name}: database is up to date 数据库已是最新")


@app.command()
def republish(
    services: Annotated[list[str] | None, typer.Argument(help="Which; all if none is named.")] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Production: send every event of the outboxes again, for a broker that lost them; while no worker runs."""
    from market.republishing import republish_outboxes

    set_up_logs("ERROR")
    with clear_errors():
        for name, number in uvloop.run(republish_outboxes([_known(one) for one in services or SERVICES], data)):
            console.print(f"{name}: {number} events go out again when its worker starts 事件将在工作进程启动后重发")


@app.command()
def keys(folder: Annotated[Path, typer.Argument(help="Where they go; what is there already stays.")]) -> None:
    """Production: make the keys, passwords and certificates of a market in containers, or renew its certificates."""
    from market.deployment_keys import make_keys

    made = make_keys(folder)
    console.print(f"{folder}: keys of 密钥已就绪：{', '.join(made)}", soft_wrap=True)


def _known(service: str) -> str:
    if service not in SERVICES:
        message = f"there is no service {service}; there are {', '.join(SERVICES)}"
        raise Complaint(message)
    return service


@app.command()
def acl(
    bootstrap: Annotated[str, typer.Option(help="The Kafka broker, HOST:PORT.")] = "localhost:9092",
    apply: Annotated[bool, typer.Option("--apply", help="Set them, instead of printing them.")] = False,  # noqa: FBT002 - typer's form of a flag
    user: Annotated[str, typer.Option(help="With --apply: an administrator of the broker (SASL SCRAM-SHA-512).")] = "",
    password_file: Annotated[Path | None, typer.Option(help="With --apply: a file with the password.")] = None,
    ca: Annotated[Path | None, typer.Option(help="With --apply: the authority of the broker's certificate.")] = None,
    bucket: Annotated[str, typer.Option(help="Print the policy of this bucket of the object store instead.")] = "",
) -> None:
    """Production: who may write and read which topic, for Kafka; or which prefix, for the object store."""
    from market.access import bucket_policy, kafka_acls

    if bucket:
        typer.echo(bucket_policy(bucket))
        return
    if not apply:
        typer.echo("\n".join(kafka_acls(bootstrap)))
        return
    from kernel.kafka_login import BrokerLogin
    from market.broker_rules import apply as set_rules

    password = password_file.read_text().strip() if password_file else ""
    with clear_errors():
        added, removed = set_rules(BrokerLogin(bootstrap, user, password, ca))
    console.print(f"{bootstrap}: {added} rules added 已添加, {removed} removed 已移除")


@app.command()
def stack(
    data: Data = Path("var/stack"),
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 8000,
    without: Annotated[
        list[str] | None,
        typer.Option(help="kafka: PostgreSQL carries the events; s3: files lie in the folder; again for both."),
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this service (again for more); else all.")] = None,
) -> None:
    """Open the market as in production: real servers, each service's API and worker in a process of its own."""
    begin_start()
    from market.stack.command import run_stack

    with clear_errors():
        services = [_known(name) for name in only or SERVICES]
        uvloop.run(run_stack(data, services, sorted(without or ()), port, console))
