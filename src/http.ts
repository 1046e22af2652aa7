/** The HTTP side: metrics for Prometheus, and the two questions of a load balancer. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HostPort } from './policy/config-types.js';

const READINESS_MS = 1_000;
const REQUEST_MS = 5_000;
const MOST_CONNECTIONS = 100;
const PLAIN = 'text/plain; charset=utf-8';

export interface HttpOptions {
  /** Port 0 for any free port. */
  readonly listen: HostPort;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** Why no new client should be sent here, in one line; undefined where all is well. Asked once a second at most. */
  readonly unready: () => Promise<string | undefined>;
  /** The same, where it is known without asking anybody: holds at once. */
  readonly unreadyNow?: () => string | undefined;
}

export interface HttpServer {
  readonly address: HostPort;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, `/healthz` (200 while the process answers) and `/readyz` (200, or 503 with the reason).
 * Resolves when it listens. @throws the error of listen (EADDRINUSE, EACCES, …)
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const unready = atMostEvery(READINESS_MS, options.unready);

  async function answer(path: string, response: ServerResponse): Promise<void> {
    switch (path) {
      case '/metrics':
        return send(response, 200, await options.metrics.text(), options.metrics.contentType);
      case '/healthz':
        return send(response, 200, 'ok\n');
      case '/readyz': {
        const reason = options.unreadyNow?.() ?? (await unready());
        return reason === undefined ? send(response, 200, 'ready\n') : send(response, 503, `${oneLine(reason)}\n`);
      }
      default:
        return send(response, 404, 'There are /metrics, /healthz and /readyz here\n');
    }
  }

  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return send(response, 405, 'Only GET and HEAD are answered\n');
    }
    const path = (request.url ?? '').split('?', 1)[0]!;
    answer(path, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, `${oneLine(String(error))}\n`);
    });
  });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, () => {
      server.off('error', reject);
      // Such as EMFILE for a connection: the next may be accepted.
      server.on('error', () => undefined);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, body: string, contentType: string = PLAIN): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Asks again only when the last answer is older than that; whoever comes while it is asked shares the answer. */
function atMostEvery<T>(milliseconds: number, ask: () => Promise<T>): () => Promise<T> {
  let last: Promise<T> | undefined;
  return () => {
    if (last) return last;
    const asked = ask();
    last = asked;
    const forget = (): void => {
      setTimeout(() => {
        if (last === asked) last = undefined;
      }, milliseconds).unref();
    };
    asked.then(forget, () => {
      last = undefined;
    });
    return asked;
  };
}
