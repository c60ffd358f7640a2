"""``workbench export``: a report in another format."""

from pathlib import Path

import click

from engine.errors import RequestError
from engine.files import write_atomically
from workbench.commands.options import check_folder


@click.command()
@click.argument("report", type=click.Path(path_type=Path), metavar="REPORT.json")
@click.option("--format", "name", metavar="FORMAT", help="which format; not needed where the ending of --out says it")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="write to a file, not standard output")
def export(report: Path, name: str | None, out: Path | None) -> int:
    """Write a report of `workbench sweep --out` in another format.

    \b
    workbench export report.json --out report.csv
    workbench export report.json --out samples.parquet
    workbench export report.json --format markdown
    workbench export report.json --format pytest-benchmark --out benchmark.json

    Formats: csv (a row for each plan), parquet (a row for each plan and block, with the raw samples), markdown,
    pytest-benchmark, github-action-benchmark.
    """
    from engine.analyse.comparing import load_report
    from engine.exports import EXPORTS, export_for, find_export

    check_folder(out, "--out")
    if name is None and out is None:
        raise RequestError(f"say with --format which: {', '.join(each.name for each in EXPORTS)}")
    chosen = find_export(name) if name else export_for(out or Path())
    if out is None and not chosen.text:
        raise RequestError(f"{chosen.name} is no text; name a file with --out")
    content = chosen.render(load_report(report))
    if out is None:
        click.echo(content.decode(), nl=False)
    else:
        write_atomically(out, content)
        click.echo(f"wrote {out} ({chosen.name})", err=True)
    return 0
