# Build:  docker build -t bucketproxy .
# Run:    docker run --read-only -p 5550:5550 -p 5555:5555 -v bucketproxy:/var/lib/bucketproxy \
#           -v ./dtable_server_config.json:/etc/bucketproxy/config.json:ro bucketproxy

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/ src/
# For the platform of the image alone: SQLite comes as a native library for two dozen of them, 33 MB.
RUN dotnet publish src/BucketProxy/BucketProxy.csproj -c Release --use-current-runtime --self-contained false -o /app -p:DebugType=none \
 && mkdir -p /state

# No shell, no package manager, and a user without rights.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
COPY --from=build /app /app
COPY --from=build --chown=$APP_UID:$APP_UID /state /var/lib/bucketproxy
USER $APP_UID

# Nothing is written but to the volume, so that the root may be read-only; the runtime's own diagnostics would write to /tmp.
# The heap's first generation is collected after 16 MB. By itself it grows with the processor's cache, to 60 MB and more.
ENV BUCKETPROXY_CONFIG=/etc/bucketproxy/config.json \
    BUCKETPROXY_DATA_DIRECTORY=/var/lib/bucketproxy \
    DOTNET_EnableDiagnostics=0 \
    DOTNET_GCgen0size=0x1000000
VOLUME /var/lib/bucketproxy
EXPOSE 5550 5555

# The program itself asks: the image has no curl. Where the admin port is not 5555, set BUCKETPROXY_URL.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/app/bucketproxy", "health"]
# SIGTERM: /ping/ answers 503 (data.drainGrace, 3s), then requests in flight run out (data.drainLimit, 5s): within the 10s of docker stop.
# With more than that in the settings, give it longer (docker stop -t 45).
ENTRYPOINT ["/app/bucketproxy"]
CMD ["serve"]
