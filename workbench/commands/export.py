"""``workbench export``: a report in another format."""

from pathlib import Path

import click

from engine.errors import RequestError
from engine.files import replace_keeping, write_atomically
from workbench.commands.options import check_folder
from workbench.commands.reports import named_report
from workbench.completing import files


@click.command()
@click.argument("report", metavar="REPORT.json", shell_complete=files)
@click.option("--format", "name", metavar="FORMAT", help="which format; not needed where the ending of --out says it")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="write to a file, not standard output")
def export(report: str, name: str | None, out: Path | None) -> int:
    """Write a report in another format: a file of `workbench sweep --out`, or history:ID.

    \b
    workbench export report.json --out report.csv
    workbench export report.json --out samples.parquet
    workbench export report.json --format markdown
    workbench export report.json --format pytest-benchmark --out benchmark.json
    workbench export history:12 --out tuned.toml

    Formats: csv (a row for each plan), parquet (a row for each plan and block, with the raw samples), markdown,
    pytest-benchmark, github-action-benchmark, tuned (the recommended plan as `workbench run` takes it; a config that is
    there already is kept beside it).
    """
    from engine.exports import EXPORTS, TUNED, export_for, find_export

    check_folder(out, "--out")
    if name is None and out is None:
        raise RequestError(f"say with --format which: {', '.join(each.name for each in EXPORTS)}")
    chosen = find_export(name) if name else export_for(out or Path())
    if out is None and not chosen.text:
        raise RequestError(f"{chosen.name} is no text; name a file with --out")
    found = named_report(report)
    content = chosen.render(found)
    if out is None:
        click.echo(content.decode(), nl=False)
        return 0
    kept = None
    if chosen is TUNED:  # a config that production runs with is not lost to a wrong id
        kept = replace_keeping(out, content)
    else:
        write_atomically(out, content)
    click.echo(f"wrote {out} ({chosen.name})" + (f"; the file of before is kept as {kept}" if kept else ""), err=True)
    return 0
