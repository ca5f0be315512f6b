"""The uncertainty of energies, as the GUM and its Supplement 1 say (JCGM 100:2008, 101:2008).

`window` finds what a window's readings leave open, `propagation` combines parts to intervals,
`measurements` gives those of measurements under their accounting, `repeats` adds the spread between
runs of a configuration, `means` gives those of mean energies and savings. How requests differ is
another matter: `core.intervals`.
"""
