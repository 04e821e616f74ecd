"""Carry pip's own settings for the package index to uv and into image builds.

A build gets them as a secret, never as an argument: an index's address may hold a password,
and arguments stay in an image's history. Only what makes sense in a container goes along:
folders of the host (`find-links`) and pip's habits do not.
"""

import argparse
import configparser
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# pip's name: the variables that say the same to pip and to uv.
NAMES = {
    "index-url": ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
    "extra-index-url": ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
    "trusted-host": ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST"),
    "proxy": ("PIP_PROXY", "HTTPS_PROXY"),
    "timeout": ("PIP_DEFAULT_TIMEOUT", "UV_HTTP_TIMEOUT"),
}
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # SUSE
)


def config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield pip's configuration files, the one that wins last."""
    home = Path(environ.get("HOME", "/nonexistent"))
    yield Path("/etc/pip.conf")
    yield Path("/Library/Application Support/pip/pip.conf")
    yield home / ".pip/pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
    yield home / "Library/Application Support/pip/pip.conf"
    if environ.get("PIP_CONFIG_FILE"):
        yield Path(environ["PIP_CONFIG_FILE"])


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return pip's settings by pip's own names; the environment wins over the files."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read(config_files(environ), encoding="utf-8")
    found: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            found |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    for name in (*NAMES, "cert"):
        variable = "PIP_" + ("default-timeout" if name == "timeout" else name)
        value = environ.get(variable.upper().replace("-", "_"), "")
        found |= {name: value} if value else {}
    return found


def exports(settings: Mapping[str, str]) -> list[str]:
    """Return the settings as lines for a POSIX shell."""
    return [
        f"export {variable}={shlex.quote(' '.join(settings[name].split()))}"
        for name, variables in NAMES.items()
        if settings.get(name)
        for variable in variables
    ]


def ca_bundle(settings: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """Return the certificates this host trusts, `/dev/null` where only its own store knows."""
    named = (settings.get("cert"), environ.get("SSL_CERT_FILE"), environ.get("REQUESTS_CA_BUNDLE"))
    return next((path for path in (*named, *BUNDLES) if path and Path(path).is_file()), os.devnull)


def main(arguments: list[str], environ: Mapping[str, str]) -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--export", action="store_true", help="for uv and pip on this host")
    what.add_argument("--secret", action="store_true", help="for a build: without the host's paths")
    what.add_argument("--ca-bundle", action="store_true", help="the path of the certificates")
    asked = parser.parse_args(arguments)
    settings = pip_settings(environ)
    bundle = ca_bundle(settings, environ)
    if asked.ca_bundle:
        print(bundle)
        return
    lines = exports(settings)
    if asked.export and bundle != os.devnull:
        lines.append(f"export SSL_CERT_FILE={shlex.quote(bundle)}")
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
