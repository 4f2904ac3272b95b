"""``sim2real sweep``: the same run with other parameters and seeds, and one page that compares them."""

import os

from .data import positive


def add(commands) -> None:
    sweep = commands.add_parser("sweep", help="vary parameters and seeds in one workflow and compare the results on one page")
    sweep.add_argument("--preset", default=os.environ.get("SIM2REAL_PRESET", "quick"), help="quick (default), standard, paper")
    sweep.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="CHAPTER.NAME=VALUE,VALUE",
        help="values of a parameter, all combined; may be repeated",
    )
    sweep.add_argument(
        "--seeds", type=int, default=1, metavar="COUNT", help="seeds of everything random, for each combination (default: 1)"
    )
    sweep.add_argument("--run", metavar="NAME", help="name of the sweep's folder under runs/ (default: the preset's name and -sweep)")
    sweep.add_argument("--until", default="07_verdict", metavar="CHAPTER", help="last chapter to execute, by number or name")
    sweep.add_argument("--cores", type=positive, help="cores to use (default: all)")
    sweep.add_argument("--profile", metavar="NAME", help="Snakemake profile that says where jobs run: slurm, kubernetes, or a folder")
    sweep.set_defaults(action=_sweep)


def _sweep(options) -> int:
    from ..core.root import repository
    from ..core.run import CHAPTERS
    from ..core.sweep import read_sweep, stages, start
    from ..core.workflow import find_profile, resolve_chapter
    from ..verdict.responses import write_page
    from .data import check_data, check_name

    root, until, name = repository(), resolve_chapter(options.until), options.run or f"{options.preset}-sweep"
    check_name(name)
    profile = find_profile(root, options.profile)
    sweep = read_sweep(options.preset, options.set, options.seeds, until)
    for parameters in {
        (p.population, p.cohort, p.simulation.temporal_footprint, p.realism.inception_weights): p for _, p in sweep.runs
    }.values():
        check_data(parameters, until, root)
    shared, alone = len(stages(sweep)), len(sweep.runs) * sum(chapter <= until for chapter in CHAPTERS)
    print(f"runs/{name}: {len(sweep.runs)} runs, {shared} executions of a chapter where they would take {alone} one by one", flush=True)
    executed = start(sweep, f"runs/{name}", root, options.cores, profile)
    page = write_page(sweep, root / "runs" / name)
    print(f"{executed} notebooks executed, the rest were up to date" if executed else "everything is up to date")
    print(f"the page: {page.relative_to(root)}")
    return 0
