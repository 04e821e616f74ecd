# Stands in for python:3.13-slim-trixie where no registry answers: Debian's own Python 3.13,
# under the names that the official image has. It has no pip outside a virtual environment.
FROM recovery-lab/base:trixie
# The host's certificates, where its network signs TLS anew.
RUN --mount=type=secret,id=ca_bundle \
    export DEBIAN_FRONTEND=noninteractive; \
    [ ! -s /run/secrets/ca_bundle ] || set -- -o Acquire::https::CaInfo=/run/secrets/ca_bundle; \
    apt-get "$@" -qq update \
    && apt-get "$@" -qq install -y --no-install-recommends python3 python3-venv tzdata \
    && ln -s /usr/bin/python3 /usr/local/bin/python3 \
    && ln -s /usr/bin/python3 /usr/local/bin/python \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
CMD ["python3"]
ARG LAB_CONTENT
LABEL recovery-lab=1 recovery-lab.content=$LAB_CONTENT
