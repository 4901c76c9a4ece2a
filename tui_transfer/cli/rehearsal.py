"""The whole procedure against the embedded Sharebox: prepared for the screens, or run to its end without."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tui_transfer.cli import headless
from tui_transfer.cli.lines import PlainOutput, exit_code, follow
from tui_transfer.cli.pace import Detail
from tui_transfer.cli.plain import centre
from tui_transfer.demo.compare import compare_delivery
from tui_transfer.demo.setup import Demo
from tui_transfer.errors import ExitCode, Problem
from tui_transfer.job import control
from tui_transfer.job.orders import Orders
from tui_transfer.settings import config
from tui_transfer.settings.config import Home, ProxySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tui_transfer.demo.setup import ProxyAccess
    from tui_transfer.job.control import Job

_STOP_LIMIT: Final = 10.0
"""Seconds to wait for a worker that was asked to end: it takes at most its own grace."""
_POLL: Final = 0.05


@contextmanager
def prepared(*, behind_proxy: bool, rate: int | None, scale: float = 1.0) -> Iterator[tuple[Demo, Home]]:
    """A demonstration's place and its home; a worker that is still at work when it is left is ended.

    Args:
        behind_proxy: refuse direct connections, and start a proxy.
        rate: of the line to the Sharebox, in bits per second; None for full speed.
        scale: of the sizes of the databases.
    """
    with Demo(rate=rate, behind_proxy=behind_proxy, scale=scale) as demo:
        home = Home.find({config.HOME_VARIABLE: str(demo.home)})
        try:
            yield demo, home
        finally:
            _end_workers(home)


def run_headless(
    *, behind_proxy: bool, rate: int | None, say: Callable[[str], object], scale: float = 1.0
) -> ExitCode:
    """Transfers the three databases, opens what arrived, compares it with them, and says so."""
    with prepared(behind_proxy=behind_proxy, rate=rate, scale=scale) as (demo, home):
        settings = config.load(home.config_file)
        databases = headless.choose_databases(settings, home, [], everything=True)
        headless.require_ready(settings, home, databases)
        job = control.create(home, headless.make_spec_now(settings, home, databases))
        say(f"Sharebox d’essai : {demo.host}, port {demo.port} ; bases inventées dans {home.data.parent}.")
        code = _carry_out(job, demo, say)
        if code is not ExitCode.SUCCESS:
            return code
        return _compare(job, demo, say)


def run_plain(
    *,
    behind_proxy: bool,
    rate: int | None,
    say: Callable[[str], object],
    detail: Detail = Detail.NORMAL,
    scale: float = 1.0,
) -> ExitCode:
    """The procedure in lines and questions, with what there is to answer."""
    with prepared(behind_proxy=behind_proxy, rate=rate, scale=scale) as (demo, home):
        say("Démonstration : tout est fictif.")
        say(f"Mot de passe Sharebox : {demo.password}")
        say(f"Empreinte attendue : {demo.fingerprint}")
        if demo.proxy is not None:
            proxy = demo.proxy
            say(f"Proxy : http://{proxy.username}@{proxy.host}:{proxy.port}, mot de passe {proxy.password}")
        return centre.run(home, detail, practice=True)


def _carry_out(job: Job, demo: Demo, say: Callable[[str], object]) -> ExitCode:
    """Runs the job to its end; where a proxy is needed, does step 5bis as a person would."""
    code = _work(job, Orders(sftp_password=demo.password, host_key=demo.fingerprint))
    failure = control.Follower(job).failure
    if demo.proxy is None or failure is None or failure.problem is not Problem.SHAREBOX_UNREACHABLE:
        return code
    say(f"Étape 5bis : reprise par le proxy {demo.proxy.host}, port {demo.proxy.port}.")
    return _work(job, _through(demo.proxy, demo.password))


def _work(job: Job, orders: Orders) -> ExitCode:
    follower = control.Follower(job)
    control.start(job, orders)
    follow(follower, PlainOutput())
    return exit_code(follower)


def _through(proxy: ProxyAccess, password: str) -> Orders:
    return Orders(
        sftp_password=password,
        proxy=ProxySettings(host=proxy.host, port=proxy.port, username=proxy.username),
        proxy_password=proxy.password,
    )


def _compare(job: Job, demo: Demo, say: Callable[[str], object]) -> ExitCode:
    """Opens each delivered archive and compares it with its database."""
    code = ExitCode.SUCCESS
    for database, sample in zip(job.spec.databases, demo.samples, strict=True):
        comparison = compare_delivery(demo.delivered / database.archive, sample.path)
        if comparison.equal:
            say(f"{database.name} : l’archive arrivée s’ouvre, et son contenu est identique à la base.")
            continue
        code = ExitCode.MISMATCH
        for difference in comparison.differences:
            say(f"{database.name} : {difference}")
    return code


def _end_workers(home: Home) -> None:
    """Asks the workers of `home` to end, and waits until they have: their home is about to go."""
    limit = time.monotonic() + _STOP_LIMIT
    while (job := control.running_job(home)) is not None and time.monotonic() < limit:
        control.stop(job)
        time.sleep(_POLL)
