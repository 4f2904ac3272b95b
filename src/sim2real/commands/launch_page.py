"""``sim2real launch-page``: the page with buttons that open chapters in Binder and Colab."""


def add(commands) -> None:
    launch = commands.add_parser("launch-page", help="print the page that opens chapters 1 to 3 in Binder and Colab")
    launch.add_argument("repository", nargs="?", metavar="OWNER/NAME", help="on GitHub; none: the page without buttons")
    launch.add_argument("--branch", default="main", metavar="NAME", help="branch or tag (default: main)")
    launch.set_defaults(action=_launch)


def _launch(options) -> int:
    from ..core.launch import launch_page

    print(launch_page(options.repository, options.branch), end="")
    return 0
