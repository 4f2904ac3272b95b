"""``sim2real codecheck``: what a CODECHECK of a run begins with, held against CODECHECK's own rules."""

from pathlib import Path

from .check_runs import folder_of


def add(commands) -> None:
    codecheck = commands.add_parser("codecheck", help="write codecheck.yml, the checks with their times and a draft certificate")
    codecheck.add_argument("run", nargs="?", default="record", metavar="RUN", help="a run's name, or 'record' (default)")
    codecheck.add_argument("--check", type=Path, metavar="FILE", help="hold a codecheck.yml against the rules, and write nothing")
    codecheck.set_defaults(action=_codecheck)


def _codecheck(options) -> int:
    from ..core.files import write_table
    from ..core.root import repository
    from ..verdict.codecheck import Bundle, reviewers_share, write_codecheck
    from ..verdict.codecheck_rules import check_file
    from ..verdict.tolerances import tolerances_table

    if options.check:
        return _told(options.check, check_file(options.check), reviewers_share)
    root = repository()
    if options.run == "record":
        bundle = Bundle(root, root / "book" / "chapters")
    else:
        bundle = Bundle(folder_of(root, options.run), folder_of(root, options.run))
    broken, checks = write_codecheck(bundle, root)
    print(f"{bundle.configuration.relative_to(root)}, {bundle.folder.relative_to(root)}/checks.csv, certificate.md: written")
    if options.run == "record":  # what the page "Check this paper" shows
        write_table(root / "book" / "checks.csv", checks)
        write_table(root / "book" / "tolerances.csv", tolerances_table())
    status = _told(bundle.configuration.relative_to(root), broken, reviewers_share)
    return 1 if status or checks["mismatches"].sum() else 0


def _told(path: Path, broken: list, reviewers_share) -> int:
    """Print what is broken; exit status 1 if the author must mend something."""
    from ..verdict.codecheck_rules import REVIEWERS

    mine, theirs = reviewers_share(broken)
    for rule in broken:
        if rule.rule not in REVIEWERS:
            print(f"  {rule.severity} {rule.rule}: {rule.what}")
    left = f"; left to the reviewer: {', '.join(theirs)}" if theirs else ""
    print(f"{path}: {'breaks' if mine else 'meets'} the rules of CODECHECK's specification 1.0{left}")
    return 1 if mine else 0
