"""Refs of events: `e57`, which is also the `undo_ref` of the call that it records."""


def event_ref(no: int) -> str:
    """The ref of an event by its number."""
    return f"e{no}"


def event_no_of(ref: str) -> int:
    """The number of an event by a ref that `event_ref` made."""
    return int(ref.removeprefix("e"))
