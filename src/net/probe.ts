/**
 * Asks a server whether it takes connections, without logging in: sends a StartupMessage and looks at the first answer.
 * Mirrors PQping (internal_ping in fe-connect.c): whatever the server answers, it answers, unless it says that it is
 * starting up, shutting down or in recovery.
 */
import type { Socket } from 'node:net';
import type { Server } from '../policy/config-types.js';
import { readFirstAnswer } from './first-answer.js';
import { dial } from './upstream.js';

const PROTOCOL_3 = 196_608;
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

/** Why the server takes no connections, in one line; undefined where it does. Never rejects. */
export function probeUpstream(upstream: Server, user: string, milliseconds: number): Promise<string | undefined> {
  const place = `${upstream.host}:${upstream.port}`;
  return new Promise((resolve) => {
    let socket: Socket | undefined;
    const done = (reason: string | undefined): void => {
      clearTimeout(timer);
      resolve(reason && `the server at ${place} ${reason}`);
      if (socket) leave(socket, reason === undefined);
      else dialling.destroy();
    };
    const timer = setTimeout(() => done(`gave no answer within ${milliseconds / 1000} s`), milliseconds);
    let seen: Buffer = Buffer.alloc(0);
    const dialling = dial(upstream, {
      ready(connected) {
        socket = connected;
        connected.on('data', (chunk) => {
          seen = Buffer.concat([seen, chunk]);
          const answer = readFirstAnswer(seen);
          if (answer.kind === 'answers') done(undefined);
          else if (answer.kind === 'not PostgreSQL') done('does not speak the PostgreSQL protocol');
          else if (answer.kind === 'not now') done(`answers: ${answer.message}`);
        });
        connected.on('error', (error: NodeJS.ErrnoException) =>
          done(`cannot be reached: ${error.code ?? error.message}`),
        );
        connected.on('close', () => done('closed the connection'));
        connected.write(startup(user));
      },
      failed: (reason) => done(`cannot be reached: ${reason}`),
    });
  });
}

/** A server that asks for a password takes an end of the connection for what it is; one that needs none wants a word. */
function leave(socket: Socket, answered: boolean): void {
  socket.removeAllListeners();
  socket.on('error', () => undefined);
  if (answered) socket.end(TERMINATE);
  socket.destroySoon();
}

function startup(user: string): Buffer {
  const parameters = ['user', user, 'database', 'postgres', 'application_name', 'pgveil readiness'];
  const body = Buffer.from(`${parameters.map((text) => `${text}\0`).join('')}\0`, 'utf8');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}
