# The gateway alone: no demo, no embedded PostgreSQL, no compiler.
#
#   docker build -t pgveil .
#   docker run -p 6432:6432 -v "$PWD/config:/etc/pgveil:ro" pgveil
#
# The configuration is /etc/pgveil/pgveil.yaml. In a container, listen and metrics need the host 0.0.0.0.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The compiler needs no install scripts of other packages.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npx tsc -p tsconfig.build.json
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 6432 9632
STOPSIGNAL SIGTERM
# Follows metrics.port where it is not 9632: set PGVEIL_METRICS_PORT to it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PGVEIL_METRICS_PORT ?? 9632}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli.js"]
CMD ["serve", "--config", "/etc/pgveil/pgveil.yaml"]
