"""The commands of `python -m app` for whoever runs the service: a module each, with `add_to(commands)`."""
