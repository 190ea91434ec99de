"""The benchmark, `python -m bench`: the service beside the limit, the least that could do the same work.

Figures of one machine say nothing on another; ratios do. So every candidate runs in turn in each round, against one
PostgreSQL and under the same load, and what counts is how each compares with the limit of its own round.
"""
