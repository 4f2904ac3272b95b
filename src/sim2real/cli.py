"""The command line: ``sim2real run``, ``sim2real book``, ``sim2real pdf``, ``sim2real predict`` and what goes with them."""

import argparse
import errno
import os
import sys
from pathlib import Path

from .commands import check_runs, course, fetch_weights
from .commands.data import check_data, check_name, positive, require_of_one_run
from .core.errors import Sim2RealError

_LICENCE = "show pictures made from M&Ms, ACDC or XCAT data, which their terms forbid to pass on; left out otherwise"


_SPINS = "10000"
"""How long a thread of torch's waits for the others awake (GNU's OpenMP) before it sleeps. On a machine that has other work to do, too,
its default of 300,000 keeps processors busy with waiting: ``benchmarks/waiting.py``."""


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, and turn every fault a user can put right into one line and exit status 1."""
    os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)  # before torch is imported, here and in every process from here
    options = _parser().parse_args(arguments)
    try:
        return options.action(options) or 0
    except Sim2RealError as error:
        print(f"sim2real: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        return 0
    except OSError as error:  # a full disk, a folder that cannot be read: the system's own words, in one line
        what_to_do = "; make it writable, or work in another copy of the project" if error.errno in (errno.EROFS, errno.EACCES) else ""
        print(f"sim2real: {error.filename or 'system'}: {error.strerror or error}{what_to_do}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sim2real: stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sim2real", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="execute the chapters that are stale, in the paper's order")
    run.add_argument("--preset", help="quick (default), standard, paper")
    run.add_argument("--set", action="append", default=[], metavar="CHAPTER.NAME=VALUE", help="change a parameter; may be repeated")
    run.add_argument("--run", metavar="NAME", help="name of the run's folder under runs/ (default: the preset's name)")
    run.add_argument("--resume", metavar="NAME", help="go on with a run, its parameters as they were")
    run.add_argument("--until", default="07_verdict", metavar="CHAPTER", help="last chapter to execute, by number or name")
    run.add_argument("--appendix", action="append", default=[], metavar="STUDY", help="execute a study of the appendix, too: A1, A2 or all")
    run.add_argument("--cores", type=positive, help="cores to use (default: all)")
    run.add_argument("--profile", metavar="NAME", help="Snakemake profile that says where jobs run: slurm, kubernetes, or a folder")
    run.set_defaults(action=_run)

    book = commands.add_parser("book", help="render a run's executed chapters into _build/html")
    book.add_argument("--run", default="quick", metavar="NAME")
    book.add_argument("--publish-real-images", action="store_true", help=_LICENCE)
    book.set_defaults(action=_book)

    pdf = commands.add_parser("pdf", help="print front page and chapters of the book to one PDF, with Chromium")
    pdf.add_argument("--run", default="record", metavar="NAME", help="a run's name, or 'record' (default) for the published one")
    pdf.add_argument("--output", type=Path, default=Path("sim2real.pdf"), metavar="FILE", help="the PDF (default: sim2real.pdf)")
    pdf.add_argument("--publish-real-images", action="store_true", help=_LICENCE)
    pdf.set_defaults(action=_pdf)

    publish = commands.add_parser("publish", help="make a run the record in book/chapters/")
    publish.add_argument("run", metavar="NAME")
    publish.add_argument("--publish-real-images", action="store_true", help=_LICENCE)
    publish.set_defaults(action=_publish)

    predict = commands.add_parser("predict", help="segment NIfTI images or an M&Ms folder with a run's segmenter")
    predict.add_argument("source", type=Path, help="a NIfTI short-axis stack, a folder of them, or an M&Ms folder")
    predict.add_argument("--run", default="quick", metavar="NAME")
    predict.add_argument("--training", default="simulated", help="regime of the segmenter: plain, simulated, real, both")
    predict.add_argument("--seed", type=int, help="which of the regime's segmenters (default: the run's first)")
    predict.add_argument("--output", type=Path, default=Path("predictions"), help="folder for the label files and scores.csv")
    predict.set_defaults(action=_predict)

    translate = commands.add_parser("translate", help="give NIfTI images the look of a vendor with a run's translator")
    translate.add_argument("source", type=Path, metavar="SOURCE", help="a NIfTI image (2D, 3D, or 4D phase by phase) or a folder of them")
    translate.add_argument("--run", default="quick", metavar="NAME", help="the run whose translator is used (default: quick)")
    translate.add_argument("--vendor", required=True, metavar="A|B", help="whose look the images are given")
    translate.add_argument("--output", type=Path, default=Path("translations"), help="folder for the images (default: translations)")
    translate.add_argument(
        "--weights", type=Path, metavar="FOLDER", help="weights of the public CUT code (latest_net_G.pth) to use instead"
    )
    translate.set_defaults(action=_translate)

    xcat = commands.add_parser("xcat-par", help="write XCAT's parameter files for the virtual subjects, for holders of its licence")
    xcat.add_argument("output", type=Path, metavar="OUTPUT", help="folder for one sub-folder and .par a subject")
    xcat.add_argument("--run", metavar="NAME", help="the subjects of this run (default: of --seed, --subjects and --share-normal)")
    xcat.add_argument("--seed", type=int, default=0, help="seed of the subjects (default: 0)")
    xcat.add_argument("--subjects", type=int, default=40, metavar="N", help="how many (default: 40)")
    xcat.add_argument("--share-normal", type=float, default=0.5, metavar="F", help="share without disease, 0 to 1 (default: 0.5)")
    xcat.add_argument("--template", type=Path, metavar="PAR", help="XCAT's own sample .par, whose other lines and comments are kept")
    xcat.set_defaults(action=_xcat_par)

    cohort = commands.add_parser("cohort", help="look at a folder of real images").add_subparsers(required=True, metavar="COMMAND")
    check = cohort.add_parser("check", help="list what an M&Ms or ACDC folder holds and everything that is wrong with it")
    check.add_argument("path", type=Path, metavar="PATH", help="the folder that cohort.mnms_root or cohort.acdc_root is to name")
    check.set_defaults(action=_cohort_check)

    parameters = commands.add_parser("parameters", help="print the reference of all parameters")
    parameters.set_defaults(action=_parameters)

    for command in (check_runs, course, fetch_weights):
        command.add(commands)

    execute = commands.add_parser("execute")  # called by the workflow, one job each
    execute.add_argument("job")
    for name in ("--run", "--root"):
        execute.add_argument(name, required=True)
    execute.add_argument("--cores", type=int, default=1)
    execute.set_defaults(action=_execute)
    return parser


def _run(options) -> int:
    from .core.presets import load_parameters
    from .core.root import repository
    from .core.workflow import find_profile, resolve_appendix, resolve_chapter, run_parameters, start

    root = repository()
    until, appendix = resolve_chapter(options.until), resolve_appendix(options.appendix)
    if options.resume and (options.set or options.run or options.preset):
        raise Sim2RealError(
            "--resume takes the parameters that the run was started with; leave out --set, --run and --preset, or leave out --resume"
        )
    if options.resume:
        name, parameters = options.resume, run_parameters(root / "runs" / options.resume)
    else:
        preset = options.preset or os.environ.get("SIM2REAL_PRESET", "quick")
        parameters, name = load_parameters(preset, options.set), options.run or preset
    check_name(name)
    profile = find_profile(root, options.profile)
    check_data(parameters, until, root)
    executed = start(parameters, f"runs/{name}", root, until, options.cores, appendix, profile)
    print(f"runs/{name}: {executed} notebooks executed, the rest were up to date" if executed else f"runs/{name}: everything is up to date")
    return 0


def _cohort_check(options) -> int:
    from .cohort.check import check_cohort

    report = check_cohort(options.path)
    print("\n".join(report.lines()))
    return 0 if report.usable else 1


def _book(options) -> int:
    from .core.book import build_book
    from .core.root import repository

    require_of_one_run(options.run)
    print(f"The book: {build_book(repository(), options.run, options.publish_real_images)}")
    return 0


def _pdf(options) -> int:
    from .core.pdf import build_pdf
    from .core.root import repository

    if options.run != "record":
        require_of_one_run(options.run)
    print(f"The paper: {build_pdf(repository(), options.run, options.output, options.publish_real_images)}")
    return 0


def _publish(options) -> int:
    from .core.book import publish
    from .core.root import repository

    require_of_one_run(options.run)
    publish(repository(), options.run, options.publish_real_images)
    return 0


def _predict(options) -> int:
    from .core.root import repository
    from .segmentation.apply import predict_source

    predict_source(options.source, repository() / "runs" / options.run, options.training, options.seed, options.output)
    return 0


def _translate(options) -> int:
    from .core.root import repository
    from .translation.user_images import translate_source

    paths = translate_source(options.source, repository() / "runs" / options.run, options.vendor, options.output, options.weights)
    print(f"{options.output}: {len(paths)} image(s) in the look of vendor {options.vendor}, float32 from 0 to 1")
    return 0


def _xcat_par(options) -> int:
    from .core.presets import check
    from .core.root import repository
    from .core.workflow import run_parameters
    from .population.subjects import sample_subject
    from .population.xcat.par import write_pars

    if options.run:
        parameters = run_parameters(repository() / "runs" / options.run)
        seed, population = parameters.seed, parameters.population
    else:
        from .core.parameters import PopulationParameters

        seed, values = options.seed, {"n_subjects": options.subjects, "share_normal": options.share_normal}
        population = check(PopulationParameters, values, "population")
    subjects = [sample_subject(seed, index, population.share_normal) for index in range(population.n_subjects)]
    paths = write_pars(subjects, options.output, options.template)
    print(
        f"{options.output}: {len(paths)} subjects, one .par each; run XCAT in each folder and set population.xcat_root to {options.output}"
    )
    return 0


def _parameters(options) -> int:
    from .core.reference import reference_page

    print(reference_page())
    return 0


def _execute(options) -> int:
    from .core.execute import execute
    from .core.jobs import jobs
    from .core.remedy import remedy
    from .core.workflow import run_parameters

    root, run = Path(options.root), options.run
    parameters = run_parameters(root / run)
    job = jobs(parameters)[options.job]
    try:
        execute(options.job, job, parameters, root, run, options.cores, parameters.device)
    except Sim2RealError as error:
        raise Sim2RealError(f"{error}{remedy(str(error), run, job['chapter'])}") from None
    return 0


if __name__ == "__main__":
    sys.exit(main())
