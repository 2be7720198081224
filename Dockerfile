# The image of loopcam: see docs/image.md. Everything from the network comes in the first stage; the last one has none.
#
# Tags may move: pin by digest where it matters, `--build-arg BASE=registry/python@sha256:...`.
ARG BASE=python:3.13-slim-trixie

FROM ${BASE} AS parts
ARG EXTRAS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# hadolint ignore=DL3008  # the stable release's own: a pinned revision disappears with the next one
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
COPY locks/build.txt locks/loopcam.txt locks/austin.txt locks/gcs.txt locks/
COPY deploy/image/gather.py ./
RUN python3 gather.py packages "${EXTRAS}"
COPY . .
RUN python3 gather.py loopcam

FROM ${BASE}
COPY --from=parts /parts/contents.txt /opt/loopcam/contents.txt
RUN --mount=type=bind,from=parts,source=/parts,target=/parts \
    --mount=type=bind,from=parts,source=/src/deploy/image,target=/image \
    python3 /image/install.py
COPY --from=parts /usr/bin/tini /usr/bin/tini
COPY --from=parts /usr/share/doc/tini/copyright /opt/loopcam/licenses/tini/copyright
COPY LICENSE /opt/loopcam/licenses/loopcam/LICENSE
ENV PATH=/opt/loopcam/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/loopcam
EXPOSE 9686
STOPSIGNAL SIGTERM
# A subreaper wherever it is not process 1: so it is where a pod shares its processes
ENTRYPOINT ["tini", "-s", "--", "loopcam"]
CMD ["run", "--config", "/etc/loopcam/loopcam.yaml"]
# Last: another revision makes no other layer
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="loopcam" \
      org.opencontainers.image.description="A dashcam for control loops: profiles an iteration while it is still stuck" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="python:3.13-slim-trixie"
