# The service in a container: with DATABASE_URL it keeps nothing; without, everything is in the volume /data.
# docs/deploying.md tells how to run it.

FROM python:3.13.12-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt

FROM python:3.13.12-slim-bookworm
# The user has a name, because PostgreSQL refuses to run for one without, and for root.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin shopping \
    && install --directory --mode=0700 --owner=shopping --group=shopping /data
WORKDIR /srv
COPY --from=build /opt/venv /opt/venv
COPY alembic.ini ./
COPY migrations ./migrations
COPY app ./app
COPY deploy/healthcheck.py ./
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
# The first start makes the database, which takes a while on small machines.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "healthcheck.py"]
CMD ["python", "-m", "app", "serve"]
