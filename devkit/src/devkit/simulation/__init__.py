"""Orders and inventory in one process, in memory, under a scheduler that the seed drives: what a run is made of is in `stage`,
how it goes in `run`, what must hold in `checkers` and `books`, and who would notice a missing safeguard in `safeguards`.
"""
