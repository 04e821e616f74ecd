"""Compose projects and their containers in the shape in which Docker tells of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recovery_lab.yours.services import Service, services_of

FOLDER = Path(__file__).parent / "composed"
ADDRESS = "172.18.0.2"


def config(name: str) -> dict[str, Any]:
    """Return a recorded answer."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def container(
    project: str,
    service: str,
    *,
    environment: Mapping[str, str] | None = None,
    exposed: tuple[int, ...] = (),
    mode: str = "shop_default",
    address: str = ADDRESS,
) -> dict[str, Any]:
    """Return what Docker says of a service's container, with its image's own words added."""
    told = config(project)["services"][service]
    environ = {**told.get("environment", {}), **(environment or {})}
    ports = told.get("ports", [])
    bound = {
        f"{one['target']}/tcp": [
            {"HostIp": one.get("host_ip", ""), "HostPort": one.get("published", "")}
        ]
        for one in ports
    }
    return {
        "Id": f"{service}-0123456789abcdef",
        "Name": f"/{project}-{service}-1",
        "Config": {
            "Image": told.get("image", f"{project}-{service}"),
            "Env": [f"{key}={(value or '').replace('$$', '$')}" for key, value in environ.items()],
            "Labels": {"com.docker.compose.service": service},
            "ExposedPorts": {f"{port}/tcp": {} for port in exposed},
        },
        "HostConfig": {"NetworkMode": mode, "PortBindings": bound},
        "NetworkSettings": {
            "Ports": {
                key: [
                    {"HostIp": one["HostIp"] or "0.0.0.0", "HostPort": one["HostPort"] or "32768"}
                ]
                for key, [one] in bound.items()
            },
            "Networks": {
                mode: {
                    "IPAddress": address,
                    "IPPrefixLen": 16,
                    "Gateway": "172.18.0.1",
                    "GlobalIPv6Address": "",
                    "IPAMConfig": None,
                }
            },
        },
    }


def project(name: str, **containers: Mapping[str, Any]) -> list[Service]:
    """Return a project's services, all of them running; a container may have more words."""
    told = config(name)
    running = [container(name, one, **containers.get(one, {})) for one in told["services"]]
    return services_of(told, running)


def service(name: str, one: str, **words: Any) -> Service:
    """Return one of them."""
    return next(each for each in project(name, **{one: words}) if each.name == one)
