"""The course: seven lessons, one a chapter, made from one source into a student's and an
instructor's edition and slides.

It may import from every chapter, and no chapter imports from it.
"""
