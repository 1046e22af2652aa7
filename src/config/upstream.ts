/** `upstream`: the server or servers that sessions go to. */
import { z } from 'zod';
import { type HostPort, TARGETS, type Upstream } from '../policy/config-types.js';
import { type Checks, checkMapping, report } from './check.js';
import { show } from './document.js';
import { endpoint, wholeNumber } from './fields.js';
import type { ReadSecret } from './secret-files.js';
import { readUpstreamTls } from './tls.js';

/** Parts that are checked on their own. */
const elsewhere = z.unknown().optional();
const DEFAULT = { host: '127.0.0.1', port: 5432 };
const PLACE = endpoint(DEFAULT);
const UPSTREAM = PLACE.extend({
  hosts: elsewhere,
  target_session_attrs: z.enum(TARGETS).default('any'),
  load_balance_hosts: z.enum(['disable', 'random']).default('disable'),
  connect_seconds: wholeNumber(1, 3600, ' of seconds').default(5),
  tls: elsewhere,
});

/** Undefined where a problem was added. */
export function readUpstream(checks: Checks, readSecret: ReadSecret): Upstream | undefined {
  const read = checkMapping(checks, ['upstream'], UPSTREAM);
  const places = readHosts(checks);
  const tls = readUpstreamTls(checks, readSecret);
  if (!read) return undefined;
  const [first = { host: read.host, port: read.port }, ...more] = places;
  return {
    ...first,
    ...(more.length > 0 ? { more } : {}),
    ...(read.target_session_attrs === 'any' ? {} : { target: read.target_session_attrs }),
    ...(read.load_balance_hosts === 'random' ? { balance: true } : {}),
    connectSeconds: read.connect_seconds,
    ...(tls ? { tls } : {}),
  };
}

function readHosts(checks: Checks): readonly HostPort[] {
  const { document } = checks;
  const path = ['upstream', 'hosts'];
  if (!document.has(path)) return [];
  const list = document.get(path);
  if (!Array.isArray(list) || list.length === 0) {
    const hint = 'write hosts: [{ host: db1.example, port: 5432 }, { host: db2.example }]';
    report(checks, document.at(path), `must be a list of servers, not ${list === null ? 'empty' : show(list)}`, hint);
  }
  for (const key of ['host', 'port']) {
    if (document.has(['upstream', key])) {
      report(checks, document.keyAt(['upstream', key]), `stands beside hosts`, 'put every server into hosts');
    }
  }
  const places = (Array.isArray(list) ? list : []).flatMap((_, index): HostPort[] => {
    const place = checkMapping(checks, [...path, index], PLACE);
    return place ? [place] : [];
  });
  for (const [index, { host, port }] of places.entries()) {
    const first = places.findIndex((place) => place.host === host && place.port === port);
    if (first < index) report(checks, document.keyAt([...path, index]), `${host}:${port} stands here a second time`);
  }
  return places;
}
