"""The check itself, in a process of its own: read the files, import the workload, load its data, then try it.

A step that ends the process is named by the last ``StepStarted``; the supervisor then starts another process that
leaves it out.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from engine.checking.findings import CheckEvent, CheckRequest, Finding, StepStarted
from engine.checking.importing import WatchedImport
from engine.checking.running import Running, step
from engine.checking.source import hiding_findings, import_findings
from engine.errors import WorkFailed
from engine.executor import Job
from engine.loading import load
from engine.tune.space import check_settings, check_size
from engine.workloads import resolve


def try_out(request: CheckRequest) -> Iterator[CheckEvent]:
    """Yield what is looked at and what is found.

    Raises RequestError for a workload that cannot be imported, or that lacks what is asked for.
    """
    files = list(_files(request))
    run_at_import = [finding for path in files for finding in import_findings(path)]
    yield from step("source", [*run_at_import, *_hiding(files)])
    if any(finding.severity == "breaks" for finding in run_at_import):
        return  # an import would do it, and may never end
    yield StepStarted(step="import")
    with WatchedImport() as watch:
        workload = resolve(request.workload, request.tasks, request.data)
    yield from watch.findings()
    size, settings = check_size(workload, request.size), check_settings(workload, request.settings)
    yield StepStarted(step="load")
    begun = time.perf_counter()
    try:
        data, tasks = load(workload, size, settings)
    except WorkFailed as error:
        yield Finding(severity="breaks", step="load", what=str(error))
        return
    job = Job(workload.kernels[workload.naive], data, tasks, workload.result(settings))
    yield from Running(workload, job, settings, request).events(time.perf_counter() - begun)


def _files(request: CheckRequest) -> Iterator[Path]:
    """Yield the files that are named, whose text tells much before any of it runs."""
    references = (request.workload, request.tasks, request.data)
    places = dict.fromkeys(each.rpartition(":")[0] for each in references if ":" in each)
    return (path for path in map(_file_of, places) if path.is_file())


def _hiding(files: list[Path]) -> Iterator[Finding]:
    for path in {path.resolve().parent: path for path in files}.values():
        yield from hiding_findings(path)


def _file_of(place: str) -> Path:
    """Return where the file or the module of the current folder lies; installed ones are not read."""
    return Path(place if place.endswith(".py") else f"{place.replace('.', '/')}.py")
