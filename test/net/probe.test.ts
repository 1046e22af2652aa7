import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { probeUpstream } from '../../src/net/probe.js';
import { encodeErrorFields } from '../../src/wire/backend-messages.js';

let server: Server | undefined;
const sockets = new Set<Socket>();

/** A server that does that with each connection once it has heard something. */
async function serve(onData: (socket: Socket, data: Buffer) => void): Promise<{ host: string; port: number }> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => onData(socket, data));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  if (server) await new Promise((resolve) => server!.close(resolve));
  server = undefined;
});

const error = (code: string, message: string): Buffer =>
  encodeErrorFields('E', [
    ['S', 'FATAL'],
    ['C', code],
    ['M', message],
  ]);

describe('the probe', () => {
  it('finds a server that asks for a password, and says who it is', async () => {
    let heard: Buffer = Buffer.alloc(0);
    const upstream = await serve((socket, data) => {
      heard = data;
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
    });
    expect(await probeUpstream(upstream, 'catalog', 1000)).toBeUndefined();
    expect(heard.readInt32BE(0)).toBe(heard.length);
    expect(heard.subarray(8).toString()).toBe(
      'user\0catalog\0database\0postgres\0application_name\0pgveil readiness\0\0',
    );
  });

  it('takes any error for an answer but those of a server that is starting or stopping', async () => {
    const upstream = await serve((socket) => socket.end(error('28000', 'no pg_hba.conf entry')));
    expect(await probeUpstream(upstream, 'catalog', 1000)).toBeUndefined();
  });

  it.each(['57P01', '57P02', '57P03'])('hears from error %s that the server takes no one now', async (code) => {
    const bytes = error(code, 'the database system is starting up');
    const upstream = await serve((socket) => {
      socket.write(bytes.subarray(0, 7));
      setTimeout(() => socket.end(bytes.subarray(7)), 10);
    });
    expect(await probeUpstream(upstream, 'catalog', 1000)).toBe(
      `the server at 127.0.0.1:${upstream.port} answers: the database system is starting up`,
    );
  });

  it.each<[string, (socket: Socket) => void]>([
    ['gave no answer within 0.3 s', () => undefined],
    ['does not speak the PostgreSQL protocol', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['does not speak the PostgreSQL protocol', (socket) => socket.end('E\0\0\0\x08no\0\0')],
    ['closed the connection', (socket) => socket.end()],
  ])('hears that it %s', async (reason, behaviour) => {
    const upstream = await serve(behaviour);
    expect(await probeUpstream(upstream, 'catalog', 300)).toBe(`the server at 127.0.0.1:${upstream.port} ${reason}`);
  });

  it('hears that nobody listens', async () => {
    const { host, port } = await serve(() => undefined);
    await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    expect(await probeUpstream({ host, port }, 'catalog', 1000)).toBe(
      `the server at 127.0.0.1:${port} cannot be reached: ECONNREFUSED`,
    );
  });
});
