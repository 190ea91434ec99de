"""A whole household: exported into an archive, brought back into a new household, and deleted.

`records` is what an archive holds, which the commands, the page and both directions share; `archive` reads it within
bounds.
"""
