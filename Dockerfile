# The service as a container; README.md ("Deployment") says how to run it. Built by `./dev image`.

FROM debian:12-slim AS build
WORKDIR /fanfetch
# The packages are a layer of their own, which a change of the sources leaves alone.
COPY dev ./
RUN ./dev packages
COPY . .
# The program, its manual page and its completions.
RUN ./dev build && DESTDIR=/installed cmake --install build/release --prefix /usr/local --strip

FROM debian:12-slim
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        ca-certificates libarchive13 libboost-json1.81.0 libboost-url1.81.0 libbrotli1 libc-ares2 libfmt9 \
        libgumbo1 libidn2-0 libjemalloc2 libnghttp2-14 libseccomp2 libspdlog1.10 libsqlite3-0 libssl3 \
        libtomlplusplus3 libzstd1 zlib1g \
        $([ "$(dpkg --print-architecture)" != amd64 ] || echo libipsec-mb1) \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log \
    && groupadd --gid 10001 fanfetch \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data \
        --shell /usr/sbin/nologin fanfetch \
    && install -d -o fanfetch -g fanfetch -m 0700 /data
COPY --from=build /installed/ /
COPY LICENSE /usr/share/doc/fanfetch/

# A number, so that a cluster can see for itself that it is not root.
USER 10001:10001
# Fails the build when one of the libraries above is missing.
RUN ["fanfetch", "--version"]

# With no keys the first start makes one and prints it once: nobody else gets in.
ENV FANFETCH_LISTEN_ADDRESS=0.0.0.0 \
    FANFETCH_DATA_DIR=/data \
    FANFETCH_AUTH_MODE=generate
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["fanfetch", "health"]
ENTRYPOINT ["fanfetch"]
CMD ["serve"]
