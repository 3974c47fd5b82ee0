"""The four services in one process, in memory, under a scheduler that the seed drives: who takes part is in `roster`, what a
run is made of in `stage`, how it goes in `run`, what must hold in `checkers` and where that points, and who would notice a
missing safeguard in `safeguards`.
"""
