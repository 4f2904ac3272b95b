"""``sim2real verify`` and ``sim2real diff``: a run held against itself, and against another."""

from pathlib import Path

from ..core.errors import Sim2RealError


def add(commands) -> None:
    verify = commands.add_parser("verify", help="repeat what can be repeated cheaply of a run, and name every mismatch")
    verify.add_argument("run", nargs="?", default="record", metavar="RUN", help="a run's name, or 'record' (default) for the published one")
    verify.add_argument("--rerun", action="store_true", help="execute it again, whole, and hold every number against its tolerance")
    verify.set_defaults(action=_verify)

    diff = commands.add_parser("diff", help="what changed from one run to another: parameters, code, data, numbers, figures")
    for name in ("first", "second"):
        diff.add_argument(name, metavar="RUN", help="a run's name, or 'record'")
    diff.set_defaults(action=_diff)


def folder_of(root: Path, name: str) -> Path:
    """The folder of a run, or of the record; Sim2RealError where there is none."""
    folder = root / "book" / "chapters" if name == "record" else root / "runs" / name
    if Path(name).name != name or not (folder / "parameters.yaml").is_file():
        raise Sim2RealError(f"{name}: no such run; expected the name of a folder under runs/ that 'sim2real run' has made, or 'record'")
    return folder


def _verify(options) -> int:
    from ..core.root import repository
    from ..verdict.verify import verify

    root = repository()
    folder = folder_of(root, options.run)
    if options.rerun:
        return _rerun(options.run, folder, root)
    faults = 0
    for check in verify(folder, root):
        state = "FAULT" if check.faults else "ok" if check.compared else "-"
        print(f"{state:<6}{check.name:<12}{check.compared:>7} compared{'  ' + check.note if check.note else ''}", flush=True)
        for line in check.faults[:20]:
            print(f"        {line}")
        if len(check.faults) > 20:
            print(f"        and {len(check.faults) - 20} more")
        faults += len(check.faults)
    print(f"{options.run}: {faults} mismatches" if faults else f"{options.run}: everything that was repeated agrees")
    return 1 if faults else 0


def _rerun(name: str, folder: Path, root: Path) -> int:
    """Execute a run's parameters again into a run of its own and hold every number against its tolerance."""
    from ..core.run import APPENDIX, RunFolder
    from ..core.workflow import run_parameters, start
    from ..verdict.difference import difference, lines, write_page

    again = f"{name}-again"
    start(run_parameters(folder), f"runs/{again}", root, appendix=[study for study in APPENDIX if RunFolder(folder).has_study(study)])
    found = difference(folder, root / "runs" / again)
    print("\n".join(lines(found, name, again)))
    write_page(found, {name: folder, again: root / "runs" / again}, root / "runs" / again / "difference.html")
    beyond = int((~found.moved["within"].astype(bool)).sum())
    print(f"{len(found.moved)} numbers differ, {beyond} beyond their tolerance; the page: runs/{again}/difference.html")
    return 1 if beyond else 0


def _diff(options) -> int:
    from ..core.root import repository
    from ..verdict.difference import difference, lines, write_page

    root = repository()
    folders = [folder_of(root, name) for name in (options.first, options.second)]
    found = difference(*folders)
    print("\n".join(lines(found, options.first, options.second)))
    if not found.empty:
        page = root / "runs" / f"difference_{options.first}_{options.second}.html"
        write_page(found, dict(zip((options.first, options.second), folders, strict=True)), page)
        print(f"the page: {page.relative_to(root)}")
    return 0
