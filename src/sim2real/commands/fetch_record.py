"""``sim2real fetch-record``: a published run, its checksums checked, its figures drawn again without training."""

from pathlib import Path

from .data import check_name


def add(commands) -> None:
    fetch = commands.add_parser("fetch-record", help="bring a published run, check its checksums, draw its figures again")
    fetch.add_argument(
        "source", nargs="?", metavar="SOURCE", help="address or folder of a record (default: book/chapters of this checkout)"
    )
    fetch.add_argument("--run", default="fetched", metavar="NAME", help="name of its folder under runs/ (default: fetched)")
    fetch.add_argument("--registry", type=Path, metavar="FILE", help="its registry of SHA-256 (default: that of this checkout's record)")
    fetch.add_argument("--no-figures", action="store_true", help="do not draw its figures again")
    fetch.set_defaults(action=_fetch)


def _fetch(options) -> int:
    from ..core.fetch import REGISTRY, fetch
    from ..core.root import repository
    from ..core.run import RunFolder

    root = repository()
    check_name(options.run)
    record, target = root / "book" / "chapters", root / "runs" / options.run
    target.parent.mkdir(exist_ok=True)
    n = fetch(options.source or str(record), options.registry or record / REGISTRY, target)
    print(f"runs/{options.run}: {n} files, every checksum as the registry has it")
    if options.no_figures:
        return 0
    from ..verdict.redraw import FOLDER, redraw

    drawn = redraw(RunFolder(target))
    for figure in drawn:
        told = {True: "its table is the record's", False: "ITS TABLE DIFFERS from the record's", None: "the record keeps no table of it"}[
            figure.same
        ]
        print(f"  {figure.chapter}/{figure.name}: {told}")
    differing = sum(figure.same is False for figure in drawn)
    print(f"runs/{options.run}/{FOLDER}: {len(drawn)} figures drawn again, {differing} of them from other numbers")
    return 1 if differing else 0
