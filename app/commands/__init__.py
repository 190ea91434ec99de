"""The commands of `python -m app`, for the operator of the service: a module each, with `add_to(commands)`."""
