"""The settings of the service; nothing else reads the environment."""

from app.settings.settings import Settings, load_settings

__all__ = ["Settings", "load_settings"]
