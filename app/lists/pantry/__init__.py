"""What is probably at home, though nobody counts it.

`histories` has when and how much of a thing was bought, `duration` how long that lasts, and `holdings` makes of both,
and of what people said, how likely it is still there. `read` answers that for a household. People correct it by
`update`; `corrections` is what they said. docs/pantry.md explains it to them, docs/decisions/0035 measures it.
"""
