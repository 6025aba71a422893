"""Statistics of repeated measures: means, ranks and whole curves of the same subjects in several conditions.

Written from the published formulas on numpy and scipy alone; what a subject is (a person, a virtual person,
a start of one simulated twin) the caller has to say beside every number.
"""
