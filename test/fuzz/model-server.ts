/**
 * A server that answers every message that reaches it in the order of the protocol, with results that chance decides.
 * It is strict: what is not a well-formed message of a client is an error of the test.
 */
import { ENVIRONMENT_QUERY } from '../../src/sql/plan-types.js';
import { decodeStartup, startupLength } from '../../src/wire/startup.js';
import { server as s, TAG } from '../session/script.js';
import type { Chance } from './chance.js';

const types = Buffer.from([0x74, 0, 0, 0, 10, 0, 1, 0, 0, 0, 23]);
const names = s.row('bob', JSON.stringify({ schemas: ['public'], creation: 'public', temp: null }));
const TYPES = 'QPBDECSHXFdcfp';

export interface ModelServer {
  /** Takes what the session sends and gives the answer. @throws where it is not well-formed */
  receive(bytes: Buffer): Buffer[];
  /** Texts of Query and Parse that have arrived. */
  readonly texts: string[];
  /** The session may end in the middle of a message: no more is expected. */
  readonly atBoundary: boolean;
}

/**
 * @param tag stands in all values that it sends
 * @param honest what it sends arrives as it is
 */
export function modelServer(random: Chance, tag: string, honest: boolean): ModelServer {
  let pending: Buffer = Buffer.alloc(0);
  let loggedIn = false;
  let skipping = false;
  let copying: 'simple' | 'extended' | undefined;
  let status: 'I' | 'T' | 'E' = 'I';
  const statements = new Map<string, string>();
  const portals = new Map<string, string>();
  const texts: string[] = [];

  const row = () => s.row(tag, random.oneIn(4) ? null : `${TAG}7:${tag}`);
  const failure = (text: string): Buffer =>
    s.error('42601', /pgveil refused \w+/.exec(text)?.[0] ?? tag, random.oneIn(2) ? { P: '3', D: tag } : {});

  function results(text: string, described: boolean): Buffer[] {
    if (/^copy .* to/.test(text)) return [s.copyOut, s.copyData(`${tag}\n`), s.copyDone, s.done('COPY 1')];
    if (text === '') return [s.empty];
    const rows = Array.from({ length: random.below(3) }, row);
    if (random.oneIn(6)) rows.push(s.notice(tag));
    return [...(described && rows.length > 0 ? [s.columns(2)] : []), ...rows, s.done('OK')];
  }

  /** The first two strings of a body; a Bind is passed on unread behind them. */
  function strings(body: Buffer): [string, string] {
    const [first = '', second = ''] = body.toString('utf8').split('\0', 2);
    return [first, second];
  }

  function fails(text: string): boolean {
    return text.includes('pgveil refused') || random.oneIn(8);
  }

  function answer(type: string, body: Buffer): Buffer[] {
    if (copying) return answerCopy(type);
    if (skipping && type !== 'S') return [];
    switch (type) {
      case 'Q': {
        statements.delete('');
        const text = body.toString('latin1', 0, body.length - 1);
        if (text.startsWith('begin')) status = 'T';
        if (text.startsWith('commit')) status = 'I';
        if (fails(text)) return [failure(text), s.ready(status === 'I' ? 'I' : 'E')];
        if (/^copy .* from/.test(text)) {
          copying = 'simple';
          return [s.copyIn];
        }
        return [...results(text, true), s.ready(status)];
      }
      case 'P': {
        const [name, text] = strings(body);
        if (name !== '' && statements.has(name)) return orError(text, [], true);
        const replies = orError(text, [s.parsed]);
        if (!skipping) statements.set(name, text);
        return replies;
      }
      case 'B': {
        const [portal, name] = strings(body);
        const text = statements.get(name);
        if (text === undefined) return orError(name, [], true);
        const replies = orError(name, [s.bound]);
        if (!skipping) portals.set(portal, text);
        return replies;
      }
      case 'D': {
        const name = strings(body.subarray(1))[0];
        const of = body[0] === 0x53;
        if (!(of ? statements : portals).has(name)) return orError(name, [], true);
        return orError(name, [...(of ? [types] : []), random.oneIn(2) ? s.columns(2) : s.noData]);
      }
      case 'E': {
        const portal = strings(body)[0];
        const text = portals.get(portal);
        if (text === undefined || random.oneIn(8)) return orError(portal, [], true);
        if (text === ENVIRONMENT_QUERY) return [names, s.done('SELECT 1')];
        if (/^copy .* from/.test(text)) {
          copying = 'extended';
          return [s.copyIn];
        }
        return random.oneIn(5) ? [row(), s.suspended] : results(text, false);
      }
      case 'C':
        (body[0] === 0x53 ? statements : portals).delete(strings(body.subarray(1))[0]);
        return [s.closed];
      case 'S':
        skipping = false;
        if (status === 'I') portals.clear();
        return [s.ready(status)];
      case 'F':
        throw new Error('a FunctionCall has reached the server');
      default:
        return [];
    }
  }

  function orError(text: string, good: Buffer[], certain = false): Buffer[] {
    if (!certain && !fails(text)) return good;
    skipping = true;
    return [failure(text)];
  }

  function answerCopy(type: string): Buffer[] {
    if (type === 'd' || type === 'S' || type === 'H') {
      if (type !== 'd' || !random.oneIn(6)) return [];
      return copyEnd([s.error('22P04', tag)], true);
    }
    if (type === 'c') return copyEnd([s.done('COPY 1')], false);
    if (type === 'f') return copyEnd([s.error('57014', tag)], true);
    if (type === 'X') return [];
    if (honest) throw new Error(`a message of type ${type} while the server reads COPY data`);
    return [s.fatal('08P01', 'protocol synchronization was lost')];
  }

  function copyEnd(replies: Buffer[], failed: boolean): Buffer[] {
    const simple = copying === 'simple';
    copying = undefined;
    if (!simple) skipping = failed;
    return simple ? [...replies, s.ready(status)] : replies;
  }

  return {
    texts,
    get atBoundary() {
      return pending.length === 0;
    },
    receive(bytes) {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      const replies: Buffer[] = [];
      if (!loggedIn) {
        const length = startupLength(pending);
        if (length === undefined || pending.length < length) return replies;
        const startup = decodeStartup(pending.subarray(0, length));
        if (startup.kind !== 'startup' || startup.major !== 3 || startup.minor > 2 || startup.options.length > 0) {
          throw new Error('a startup packet of another kind');
        }
        pending = pending.subarray(length);
        loggedIn = true;
        if (random.oneIn(8)) replies.push(Buffer.from([0x76, 0, 0, 0, 12, 0, 3, 0, 0, 0, 0, 0, 0]));
        replies.push(s.authOk, s.setting('client_encoding', random.oneIn(10) ? 'LATIN1' : 'UTF8'), s.ready('I'));
      }
      while (pending.length >= 5) {
        const type = String.fromCharCode(pending[0]!);
        const length = pending.readInt32BE(1);
        if (!TYPES.includes(type) || length < 4) throw new Error(`no message of a client: ${type} of ${length} bytes`);
        if (pending.length < 1 + length) break;
        const body = pending.subarray(5, 1 + length);
        note(type, body);
        replies.push(...answer(type, body));
        if (random.oneIn(20)) replies.push(random.pick([s.notification, s.setting('TimeZone', tag), s.notice(tag)]));
        pending = pending.subarray(1 + length);
      }
      return replies;
    },
  };

  function note(type: string, body: Buffer): void {
    if (type === 'Q') {
      if (body.indexOf(0) !== body.length - 1) throw new Error('a Query with bytes behind its text');
      texts.push(body.toString('utf8', 0, body.length - 1));
    } else if (type === 'P') {
      const start = body.indexOf(0) + 1;
      const end = body.indexOf(0, start);
      if (start === 0 || end < 0 || body.length !== end + 3 + 4 * body.readUInt16BE(end + 1)) {
        throw new Error('a Parse that is not well-formed');
      }
      texts.push(body.toString('utf8', start, end));
    } else if ('DCE'.includes(type)) {
      const end = body.indexOf(0, type === 'E' ? 0 : 1);
      if (end < 0 || end !== body.length - (type === 'E' ? 5 : 1)) throw new Error(`${type} that is not well-formed`);
    } else if (type === 'H' && body.length > 0) {
      throw new Error('a Flush with a body');
    }
  }
}

/** The session's own text. */
export const OWN_TEXT = ENVIRONMENT_QUERY;
