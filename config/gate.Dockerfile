# SeaTable's image with a gate as its first process, and its dtable-server as the gate's child: nothing else of SeaTable runs in it.
# Build:  docker build -f config/gate.Dockerfile -t bucketproxy-gate .
# Run:    config/docker-compose.gate.yml

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/ src/
# With its runtime: SeaTable's image has none.
RUN dotnet publish src/BucketProxy/BucketProxy.csproj -c Release --use-current-runtime --self-contained true -o /app -p:DebugType=none

FROM seatable/seatable-enterprise:latest
COPY --from=build /app /opt/bucketproxy

# What SeaTable's start script gives its dtable-server.
ENV DTABLE_SERVER_CONFIG=/opt/seatable/conf/dtable_server_config.json \
    DTABLE_SERVER_CLUSTER_LOCAL_INFO=/opt/seatable/conf/dtable_server_cluster_local_info.json \
    LOG_DIR=/opt/seatable/logs \
    HOME=/root

# Without it the server's configuration is only found below /shared, where SeaTable's own start links it from.
RUN mkdir -p /opt/seatable && ln -sfn /shared/seatable/conf /opt/seatable/conf && ln -sfn /shared/seatable/logs /opt/seatable/logs

ENV BUCKETPROXY_ROLES=gate \
    BUCKETPROXY_DATA_DIRECTORY=/var/lib/bucketproxy \
    BUCKETPROXY_GATE__COMMAND=node,--max-old-space-size=8192,dist/src/index.js \
    BUCKETPROXY_GATE__WORKING_DIRECTORY=/opt/seatable/seatable-server-latest/dtable-server \
    DOTNET_EnableDiagnostics=0 \
    DOTNET_GCgen0size=0x1000000
VOLUME /var/lib/bucketproxy
# The gate's port and the operators'. Not the server's 5000: whoever reached that would go past the gate.
EXPOSE 5551 5555

HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["/opt/bucketproxy/bucketproxy", "health"]
# The first process, so that the kernel ends everything with it. Never run seatable.sh in this container: it kills the server with SIGKILL and starts
# one that the gate does not know.
ENTRYPOINT ["/opt/bucketproxy/bucketproxy"]
CMD ["serve"]
