"""What a person hears of lists while they are elsewhere: pushes to their browsers, and a daily letter.

`changes.py` says what happened on a list, `collect.py` decides what is due and puts it into the outbox, `deliver.py`
sends what is there, `letters.py` writes the daily letter. Who hears of what is in `repository.py`, and how and when in
`settings_repository.py`.
"""
