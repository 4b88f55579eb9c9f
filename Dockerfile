# Tolva with every engine. `docker build -t tolva .`; what to run, and with what: compose.yaml.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/tolva
# before our own files, which change more often
COPY requirements-image.lock ./
RUN /opt/tolva/bin/pip install --no-cache-dir --require-hashes -r requirements-image.lock
COPY pyproject.toml hatch_build.py package.json package-lock.json .npmrc README.md LICENSE ./
COPY src ./src
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
 && /opt/tolva/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.12-slim-bookworm
COPY --from=build /opt/tolva /opt/tolva
RUN useradd --uid 10001 --create-home --home-dir /var/lib/tolva tolva
ENV PATH=/opt/tolva/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TOLVA_DATA_DIR=/var/lib/tolva \
    TOLVA_HOST=0.0.0.0
USER 10001:10001
VOLUME /var/lib/tolva
EXPOSE 8000
# of whatever answers HTTP; others switch it off
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"TOLVA_PORT\", 8000)}/ready', timeout=4)"]
CMD ["tolva", "up"]
