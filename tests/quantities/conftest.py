"""Settings for the property tests of quantities."""

from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")
