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
    let heard = Buffer.alloc(0);
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

  it('tells apart what else can be wrong', async () => {
    const mute = await serve(() => undefined);
    const place = `the server at 127.0.0.1:${mute.port}`;
    expect(await probeUpstream(mute, 'catalog', 100)).toBe(`${place} gave no answer within 0.1 s`);
    const listening = server!;
    listening.removeAllListeners('connection');
    listening.on('connection', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await probeUpstream(mute, 'catalog', 1000)).toBe(`${place} does not speak the PostgreSQL protocol`);
    listening.removeAllListeners('connection');
    listening.on('connection', (socket) => socket.end());
    expect(await probeUpstream(mute, 'catalog', 1000)).toBe(`${place} closed the connection`);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => listening.close(resolve));
    server = undefined;
    expect(await probeUpstream(mute, 'catalog', 1000)).toBe(`${place} cannot be reached: ECONNREFUSED`);
  });
});
