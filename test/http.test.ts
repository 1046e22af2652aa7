import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, startHttp } from '../src/http.js';

let server: HttpServer | undefined;
let reason: string | undefined;
let asked = 0;

async function start(changes: Partial<Parameters<typeof startHttp>[0]> = {}): Promise<(path: string) => string> {
  reason = undefined;
  asked = 0;
  server = await startHttp({
    listen: { host: '127.0.0.1', port: 0 },
    metrics: { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: async () => 'a_total 1\n' },
    unready: async () => {
      asked += 1;
      return reason;
    },
    ...changes,
  });
  const { host, port } = server.address;
  return (path) => `http://${host}:${port}${path}`;
}

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('the HTTP side', () => {
  it('gives the metrics in their content type', async () => {
    const url = await start();
    const response = await fetch(url('/metrics?x=1'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toBe('a_total 1\n');
  });

  it('tells that the process is up, whatever readiness is', async () => {
    const url = await start({ unready: async () => 'never' });
    const response = await fetch(url('/healthz'));
    expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
  });

  it('tells whether it is ready, with the reason in one line', async () => {
    const url = await start({ unready: async () => 'two\n  lines' });
    const response = await fetch(url('/readyz'));
    expect([response.status, await response.text()]).toEqual([503, 'two lines\n']);
  });

  it('asks for readiness once a second at most, and then again', async () => {
    const url = await start();
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(url('/readyz'))));
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(200));
    expect(asked).toBe(1);
    reason = 'gone';
    expect((await fetch(url('/readyz'))).status).toBe(200);
    await sleep(1100);
    expect((await fetch(url('/readyz'))).status).toBe(503);
    expect(asked).toBe(2);
  });

  it('does not wait for that second where it knows by itself that it is not ready', async () => {
    let stopping = false;
    const url = await start({ unreadyNow: () => (stopping ? 'stopping' : undefined) });
    expect((await fetch(url('/readyz'))).status).toBe(200);
    stopping = true;
    const response = await fetch(url('/readyz'));
    expect([response.status, await response.text()]).toEqual([503, 'stopping\n']);
  });

  it('answers 500 where metrics or readiness fail, and the next time as it should', async () => {
    let calls = 0;
    const url = await start({
      unready: async () => {
        calls += 1;
        if (calls === 1) throw new Error('no');
        return undefined;
      },
      metrics: { contentType: 'text/plain', text: () => Promise.reject(new Error('no')) },
    });
    expect((await fetch(url('/metrics'))).status).toBe(500);
    expect((await fetch(url('/readyz'))).status).toBe(500);
    expect((await fetch(url('/readyz'))).status).toBe(200);
  });

  it('answers nothing else', async () => {
    const url = await start();
    for (const path of ['/', '/metrics/', '/healthz/../metrics/x', '/%00']) {
      expect((await fetch(url(path))).status, path).toBe(404);
    }
    const post = await fetch(url('/metrics'), { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(url('/metrics'), { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('survives what is not HTTP', async () => {
    const url = await start();
    const socket = connect(server!.address.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    await new Promise((resolve) => socket.on('close', resolve));
    expect((await fetch(url('/healthz'))).status).toBe(200);
  });

  it('rejects where the port is taken, and closes with connections open', async () => {
    await start();
    const { port } = server!.address;
    await expect(
      startHttp({
        listen: { host: '127.0.0.1', port },
        metrics: { contentType: '', text: async () => '' },
        unready: async () => undefined,
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const idle = connect(port, '127.0.0.1');
    await new Promise((resolve) => idle.on('connect', resolve));
    idle.on('error', () => undefined);
    await server!.close();
    server = undefined;
  });
});
