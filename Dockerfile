# The service on the CPU:  docker build -t nz-alpr:cpu .
# With weights of the hub: docker build --build-arg HUB_MODELS="NAME NAME" -t nz-alpr:cpu .
#   and run it with ALPR_DETECTOR_MODEL=NAME and ALPR_OCR_MODEL=NAME.

FROM python:3.12.15-slim-trixie AS builder
WORKDIR /srv/nz-alpr
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --only-binary=:all: -r requirements.txt

FROM builder AS weights
ARG HUB_MODELS=""
COPY app app
# hadolint ignore=SC2086
RUN mkdir -p models/hub && \
    if [ -n "$HUB_MODELS" ]; then /opt/venv/bin/python -m app models fetch $HUB_MODELS; fi

FROM python:3.12.15-slim-trixie
LABEL org.opencontainers.image.title="nz-alpr" \
      org.opencontainers.image.description="Automatic number-plate recognition for New Zealand"
# ONNX Runtime reports its use to its maker unless told not to.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ORT_DISABLE_TELEMETRY=1
RUN groupadd --gid 10001 alpr && \
    useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --shell /usr/sbin/nologin alpr
WORKDIR /srv/nz-alpr
COPY --from=builder /opt/venv /opt/venv
COPY --from=weights /srv/nz-alpr/models/hub models/hub
COPY models models
COPY deploy/healthcheck.py deploy/
COPY app app
# The service may run on a read-only file system, where Python cannot keep its bytecode.
RUN python -m compileall -q app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py"]
CMD ["python", "-m", "app", "serve"]
