"""The benchmark, `python -m bench`: compare the service with the limit, the least code that could do the same work.

Figures from one machine say nothing about another; ratios do. So every candidate runs in turn in each round, against
one PostgreSQL and under the same load, and what counts is how each compares with the limit of the same round.
"""
