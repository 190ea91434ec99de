"""The settings of the service; nothing else reads the environment."""

from app.settings.settings import OidcLogin, Settings, SmtpServer, load_settings
from app.settings.types import is_loopback

__all__ = ["OidcLogin", "Settings", "SmtpServer", "is_loopback", "load_settings"]
