/** Takes the PROXY header off a connection before anything else is read from it, TLS included. */
import { BlockList, isIPv6, type Socket } from 'node:net';
import type { ProxyProtocol } from '../policy/config-types.js';
import { ProtocolError } from '../wire/protocol-error.js';
import { decodeProxyHeader, type ProxyHeader } from '../wire/proxy-header.js';

export interface HeaderEvents {
  /**
   * The connection goes on; nobody listens to its data.
   * @param client the client's address where a header tells it
   * @param rest what was read behind the header
   */
  readonly done: (client: string | undefined, rest: Buffer) => void;
  /** The connection must be closed. */
  readonly refused: (reason: string) => void;
}

const NOTHING: Buffer = Buffer.alloc(0);
const lists = new WeakMap<ProxyProtocol, BlockList>();

/** Calls one of the events once, possibly before it returns; none where the connection ends first. */
export function takeProxyHeader(socket: Socket, proxies: ProxyProtocol, events: HeaderEvents): void {
  if (!isProxy(socket.remoteAddress ?? '', proxies)) {
    if (proxies.required) events.refused('it comes from an address that proxy_protocol does not list');
    else events.done(undefined, NOTHING);
    return;
  }
  let received = NOTHING;
  function onData(chunk: Buffer): void {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const header = read(received);
    if (typeof header !== 'string' && header.kind === 'incomplete') return;
    socket.off('data', onData);
    if (typeof header === 'string') events.refused(header);
    else if (header.kind === 'header') events.done(header.client, received.subarray(header.bytes));
    else if (proxies.required) events.refused('it does not begin with a PROXY header');
    else events.done(undefined, received);
  }
  socket.on('data', onData);
}

/** The header, or what is wrong with it. */
function read(bytes: Buffer): ProxyHeader | string {
  try {
    return decodeProxyHeader(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return error.message;
    throw error;
  }
}

function isProxy(address: string, proxies: ProxyProtocol): boolean {
  let list = lists.get(proxies);
  if (!list) {
    list = new BlockList();
    for (const { address: network, prefix } of proxies.from) list.addSubnet(network, prefix, familyOf(network));
    lists.set(proxies, list);
  }
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
