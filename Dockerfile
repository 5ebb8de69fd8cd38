# Gatewatch in a container: one static binary, no shell, not root.
#
#   docker build --build-arg VERSION=$(git describe --tags --always) -t gatewatch .
#   docker run -v /etc/gatewatch:/etc/gatewatch:ro -v /var/log/gateway:/var/log/gateway:ro \
#     -v gatewatch:/var/lib/gatewatch --group-add "$(stat -c %g /var/log/gateway)" -p 127.0.0.1:9600:9600 gatewatch
#
# The configuration it reads is /etc/gatewatch/gatewatch.yml. In it http.listen has to be 0.0.0.0:9600, or the published
# port reaches nobody; who can reach that port is then decided by -p. To watch the host and not the container, mount the
# host's /proc, /sys and / and name them in collectors.host.
#
# There is no HEALTHCHECK, because it would need a program inside the image to run: let the orchestrator ask
# GET /-/healthy (it lives) and GET /-/ready (it works) on the same port.

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/gatewatch ./agent \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/gatewatch /usr/bin/gatewatch
# An empty folder of the user's own, which a new volume takes its owner from.
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/gatewatch
VOLUME /var/lib/gatewatch
EXPOSE 9600
USER nonroot
ENTRYPOINT ["/usr/bin/gatewatch"]
CMD ["run", "-config", "/etc/gatewatch/gatewatch.yml"]
