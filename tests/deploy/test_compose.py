"""docker-compose.yml: no secret has a default, and what it passes on exists."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from app.settings import Settings
from tests.documents import ROOT

SECRETS = ("POSTGRES_PASSWORD", "OWNER_PASSWORD", "SERVICE_PASSWORD", "SECRET_KEY")
OF_THE_SERVER = {"FORWARDED_ALLOW_IPS"}
"""Read by uvicorn, not by the settings; docs/configuration.md names them."""
OF_THE_IMAGE = {"HOST", "PORT", "DATA_DIR"}
"""The same in every container: Dockerfile sets them, and `ports` and `volumes` rely on it."""
FOR_TESTS = {"LIMITS", "FETCH_ALLOW_LOOPBACK", "FETCH_CA_FILE"}


def compose() -> Any:
    return cast("Any", YAML(typ="safe")).load(ROOT / "docker-compose.yml")


def test_nothing_starts_without_the_secrets() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in SECRETS:
        uses = text.count(f"${{{name}}}") + text.count(f"${{{name}:")
        assert uses > 0
        assert text.count(f"${{{name}:?") == uses


def test_the_service_gets_every_setting_and_nothing_else() -> None:
    names = set(compose()["services"]["service"]["environment"])
    assert names - OF_THE_SERVER == {name.upper() for name in Settings.model_fields} - OF_THE_IMAGE - FOR_TESTS


def test_the_database_makes_its_roles_from_the_script_that_is_tested() -> None:
    database = compose()["services"]["database"]
    assert database["image"] == "postgres:18"
    (script,) = (volume for volume in database["volumes"] if volume.startswith("./"))
    source, target, mode = script.split(":")
    assert (ROOT / source) == ROOT / "deploy/roles.sql"
    assert Path(target).parent == Path("/docker-entrypoint-initdb.d")
    assert mode == "ro"


@pytest.mark.proves("""bind-local SHOULD MCP streamable-http (Security & Endpoint)
    A local server listens on the loopback interface only.
    Here: HOST is localhost unless set, which is 127.0.0.1 and ::1, and the compose file opens its port to this machine
    only.""")
def test_the_port_is_open_to_this_machine_only() -> None:
    assert compose()["services"]["service"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_proxy_on_this_machine_is_believed() -> None:
    """It comes from the gateway of the network that both containers are in, and nobody else is there."""
    (network,) = compose()["networks"]["default"]["ipam"]["config"]
    believed = compose()["services"]["service"]["environment"]["FORWARDED_ALLOW_IPS"]
    assert believed == f"${{FORWARDED_ALLOW_IPS:-{network['subnet']}}}"
    assert ip_network(network["subnet"]).is_private
    assert not any("networks" in each or "network_mode" in each for each in compose()["services"].values())
