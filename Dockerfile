# hodman in a container: the daemon, nothing else.
#
#   docker build -t hodman .
#   docker run -v hodman-data:/var/lib/hodman -v ./hodman.yaml:/etc/hodman/hodman.yaml:ro -p 8080:8080 hodman
#
# The base images are named by version; whoever publishes an image adds their digests.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY environments environments
COPY examples examples
COPY services services
COPY tests tests
RUN cargo build --locked --release --package hodman --bin hodman

FROM debian:12-slim
# Root certificates, for the forge, the workspaces and AWS. Debian's stable release keeps no old versions to pin.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/hodman --create-home --shell /usr/sbin/nologin hodman
COPY --from=build /source/target/release/hodman /usr/local/bin/hodman
USER 10001:10001
VOLUME /var/lib/hodman
# In a container, loopback is reached by nobody else: listen on all addresses. The page only shows then; commands come by
# `docker exec`, which has the token and comes from loopback, or by SQS.
ENV HODMAN_LISTEN=0.0.0.0:8080 \
    HODMAN_SERVER=http://127.0.0.1:8080 \
    HODMAN_CONFIG=/etc/hodman/hodman.yaml
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["hodman", "status"]
# The daemon finishes work in progress within its `timers.shutdown`; give it a little longer than that.
STOPSIGNAL SIGTERM
ENTRYPOINT ["hodman"]
CMD ["serve"]
