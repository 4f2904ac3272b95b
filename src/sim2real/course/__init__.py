"""The course: seven lessons, one a chapter, made from one source into a student's and an
instructor's edition and slides.

It may import from every chapter, and no chapter imports from it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "build": ["build_course", "write_pages"],
    },
)
