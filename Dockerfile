# syntax=docker/dockerfile:1
#
# What is installed is pinned by hash (docs/admin.md, Dependencies). The base image is named by its
# version alone: who wants it pinned too writes its digest behind it (python:3.13-slim@sha256:…).

# --- build: the wheel and its dependencies, in an environment that is copied whole ---------------
FROM python:3.13-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
# Nothing is taken that has not the hash that was written down, what builds it neither.
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --no-deps -r requirements-build.lock \
 && /opt/build/bin/pip wheel --require-hashes --no-deps --no-build-isolation --wheel-dir /wheels -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY relay ./relay
COPY rules ./rules
COPY usage ./usage
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/relay \
 && pip --python /opt/relay/bin/python install --no-index --no-deps /wheels/*.whl \
 && pip --python /opt/relay/bin/python check \
 # A rule set or an allow-list that fails its own examples never becomes an image.
 && /opt/relay/bin/relay rules test \
 && /opt/relay/bin/relay usage events > /dev/null

# --- run: no compiler, no source, no root --------------------------------------------------------
FROM python:3.13-slim

RUN groupadd --gid 10001 relay \
 && useradd --uid 10001 --gid relay --home-dir /data --shell /usr/sbin/nologin relay \
 && install --directory --owner relay --group relay --mode 0700 /data

COPY --from=build /opt/relay /opt/relay

ENV PATH=/opt/relay/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RELAY_LISTEN__HOST=0.0.0.0

# Spool, inbox and relay.yaml (if there is one) stand in the working folder; the rest is read-only.
WORKDIR /data
VOLUME /data
USER 10001:10001
# The admin port (3001) listens inside only; RELAY_ADMIN__HOST=0.0.0.0 opens it, and needs tokens or
# RELAY_ADMIN__OPEN__0=metrics (docs/admin.md).
EXPOSE 3000

HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["relay", "healthcheck"]
ENTRYPOINT ["relay"]
CMD ["serve"]
