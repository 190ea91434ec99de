"""The items of lists: a module for each thing that is done to them, and the modules that those share.

An item, its details and the words for them are the table in `fields`. What a call says becomes items by way of
`pasted_text` (several lines), `resolve` (names and refs), `filters` (what items have in common), and `candidates` (what
is offered for a name that fits none). `edits` holds the items of a call while it is worked out; `merging` decides which
line a new entry joins, `ordering` where a line stands, and `habits` what is remembered of a name. The repositories have
the SQL; `expectations` lets an add be planned before anything was read (docs/decisions/0019-one-message.md).
"""
