# syntax=docker/dockerfile:1

# Production dependencies only. The embedded PostgreSQL and the Node that npm would install are left out: the image
# has its own Node, and the database is another container.
FROM node:24-slim AS dependencies
WORKDIR /stoa
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund \
 && npm cache clean --force

FROM node:24-slim
ENV NODE_ENV=production \
    STOA_ENVIRONMENT=production \
    STOA_HOST=0.0.0.0 \
    STOA_DATA_DIR=/var/lib/stoa
WORKDIR /stoa
COPY --from=dependencies /stoa/node_modules node_modules
# Node 24 runs TypeScript as it is, so what is reviewed is what runs.
COPY package.json ./
COPY bin bin
COPY src src
COPY migrations migrations
COPY sql sql
COPY examples/web examples/web
RUN ln -s /stoa/bin/stoa /usr/local/bin/stoa \
 && install --directory --owner=node --group=node --mode=0700 /var/lib/stoa
USER node
EXPOSE 5678
# Node is process 1 and handles SIGTERM itself.
ENTRYPOINT ["node", "/stoa/bin/stoa"]
CMD ["serve"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.STOA_PORT ?? 5678}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
