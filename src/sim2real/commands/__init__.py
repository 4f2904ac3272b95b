"""Commands that stand beside the run: one file each, with ``add``, which gives the command its words and its action."""
