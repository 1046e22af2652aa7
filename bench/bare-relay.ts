/**
 * The least that a proxy in Node can do: two sockets, chunks forwarded as they come, nothing parsed. What pgveil costs
 * is told against this.
 *
 * Arguments: port to listen on, host and port of the server. Ends with its standard input, so that it never outlives
 * the program that started it.
 */
import { connect, createServer, type Socket } from 'node:net';

const [listenPort, serverHost, serverPort] = process.argv.slice(2);
if (!listenPort || !serverHost || !serverPort) {
  process.stderr.write('usage: bare-relay.js LISTEN_PORT SERVER_HOST SERVER_PORT\n');
  process.exit(64);
}

function forward(from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    if (to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ host: serverHost, port: Number(serverPort), noDelay: true, allowHalfOpen: true });
  forward(client, upstream);
  forward(upstream, client);
});
server.listen(Number(listenPort), '127.0.0.1');

process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
