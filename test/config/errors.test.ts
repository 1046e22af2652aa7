import { describe, expect, it } from 'vitest';
import { HEAD, problems } from './problems.js';

const TOP = 'listen, upstream, catalog, metrics, log, one_way_keys, limits, workers, functions, roles, policies';

describe('YAML', () => {
  it.each([
    ['a syntax error', 'a: "x', 'c.yaml:1:6: is not valid YAML here: Missing closing "quote'],
    ['a tab', 'a:\n\tb: 1', 'c.yaml:2:1: is not valid YAML here: Tabs are not allowed as indentation'],
    ['a tag', 'a: !x 1', 'c.yaml:1:4: is not valid YAML here: Unresolved tag: !x'],
    [
      'two documents',
      'a: 1\n---\nb: 1',
      'c.yaml:2:1: is not valid YAML here: a second document begins, and a configuration is one',
    ],
    ['another version', '%YAML 1.1\n---\na: 1', 'c.yaml:1:1: is written as YAML 1.1; leave the %YAML line out'],
    ['nothing', '', 'c.yaml:1:1: is empty; config/pgveil.yaml shows what a configuration holds'],
    ['comments alone', '# x\n', 'c.yaml:1:1: is empty; config/pgveil.yaml shows what a configuration holds'],
    ['a list', '- 1', `c.yaml:1:1: must be a mapping, not a list; valid keys: ${TOP}`],
    ['a text', 'x', `c.yaml:1:1: must be a mapping, not "x"; valid keys: ${TOP}`],
    ['deep lists', `a:\n  ${'['.repeat(100_000)}`, 'c.yaml:2:66: is nested more than 64 levels deep'],
    ['deep mappings', '? '.repeat(50_000), 'c.yaml:1:128: is nested more than 64 levels deep'],
  ])('%s', (_, text, line) => {
    expect(problems(text)).toEqual([line]);
  });

  it('finds duplicate keys, also by different spellings of one key, and goes on', () => {
    expect(problems(`${HEAD}policies: {}\n"policies": {}\nlog:\n  level: info\n  level: loud\nnew: 1`)).toEqual([
      'c.yaml:3:1 policies: stands here a second time; the first is in line 2',
      'c.yaml:6:3 log.level: stands here a second time; the first is in line 5',
      `c.yaml:7:1 new: unknown key "new"; valid: ${TOP}`,
    ]);
  });

  it('refuses keys that are not text, NULs, and aliases into themselves', () => {
    expect(problems(`${HEAD}policies: {}\nlog:\n  ? [a]\n  : 1\nlimits: "\\0"\nmetrics: &m { host: *m }`)).toEqual([
      'c.yaml:4:5 log: has a key that is not plain text; a key is followed by a colon: key: value',
      'c.yaml:6:9 limits: holds a NUL or half of a character',
      'c.yaml:6:9 limits: must be a mapping, not "\\u0000"; valid keys: max_sessions, max_sessions_per_role, idle_seconds, keepalive_seconds, login_seconds, drain_seconds, shutdown_delay_seconds, cached_plans',
      'c.yaml:7:15 metrics.host: has an alias *m that leads nowhere or into itself',
    ]);
  });

  it('counts what aliases stand for', () => {
    const bomb = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`);
    const found = problems(`a0: &a0 [1]\n${bomb.join('\n')}\n`);
    expect(found.filter((line) => line.includes('has more than 200000 values, aliases counted in full')).length).toBe(
      1,
    );
  });
});

describe('the top level', () => {
  it('wants a catalog user and policies', () => {
    expect(problems('log: {}')).toEqual([
      'c.yaml:1:1 catalog.user: is missing; it must be the name of a database role that may log in',
      'c.yaml:1:1 policies: is missing; to protect nothing at all, write policies: {}',
    ]);
  });

  const host = 'must be a host name or an IP address';
  const port = 'must be a whole number (a TCP port) from 1 to 65535';
  it.each([
    ['listn: {}', `3:1 listn: unknown key "listn"; did you mean "listen"? valid: ${TOP}`],
    ['listen:', '3:1 listen: must be a mapping, not empty; valid keys: host, port, tls, proxy_protocol'],
    [
      'listen: 127.0.0.1:6432',
      '3:9 listen: must be a mapping, not "127.0.0.1:6432"; valid keys: host, port, tls, proxy_protocol',
    ],
    [
      'listen: { prot: 1 }',
      '3:11 listen.prot: unknown key "prot"; did you mean "port"? valid: host, port, tls, proxy_protocol',
    ],
    ['listen: { port: 65536 }', `3:17 listen.port: ${port}, not 65536`],
    ['upstream: { port: 0 }', `3:19 upstream.port: ${port}, not 0`],
    ['upstream: { port: "5432" }', `3:19 upstream.port: ${port}, not "5432"`],
    ['upstream: { port: 5.5 }', `3:19 upstream.port: ${port}, not 5.5`],
    ['upstream: { host: a b }', `3:19 upstream.host: ${host}, not "a b"`],
    ['upstream: { host: 10.0.0.256 }', `3:19 upstream.host: ${host}, not "10.0.0.256"`],
    ['upstream: { host: "http://db" }', `3:19 upstream.host: ${host}, not "http://db"`],
    ['metrics: { host: 1 }', `3:18 metrics.host: ${host}, not 1`],
    ['metrics: off', '3:10 metrics: must be a mapping, not "off"; valid keys: host, port'],
    [
      'listen: { port: 5432 }',
      '3:1 listen: is the same place as upstream, so the gateway would call itself; give listen a port of its own, such as 6432',
    ],
    [
      'metrics: { host: 0.0.0.0, port: 6432 }',
      '3:1 metrics: is the same place as listen; give metrics a port of its own, such as 9632',
    ],
    ['log: { level: warning }', '3:15 log.level: unknown level "warning"; valid: debug, info, warn, error'],
    ['limits: { max_sessions: 0 }', '3:25 limits.max_sessions: must be a whole number from 1 to 100000, not 0'],
    [
      'limits: { max_sessions_per_role: { a: 1 } }',
      '3:11 limits.max_sessions_per_role: must be a whole number from 1 to 100000, not a mapping',
    ],
    [
      'limits: { idle_seconds: -1 }',
      '3:25 limits.idle_seconds: must be a whole number of seconds from 0 to 604800, not -1',
    ],
    [
      'limits: { keepalive_seconds: off }',
      '3:30 limits.keepalive_seconds: must be a whole number of seconds from 0 to 86400, not "off"',
    ],
    [
      'listen: { proxy_protocol: true }',
      '3:27 listen.proxy_protocol: must be a mapping, not true; valid keys: from, required',
    ],
    [
      'listen: { proxy_protocol: { required: false } }',
      '3:11 listen.proxy_protocol.from: is missing; it must be a list of addresses and networks of proxies, such as [10.0.0.0/8]',
    ],
    [
      'listen: { proxy_protocol: { from: [] } }',
      '3:29 listen.proxy_protocol.from: must be a list of addresses and networks of proxies, such as [10.0.0.0/8], not an empty list',
    ],
    ...['10.0.0.0/33', '10.0.0.256', 'proxy.example', '::1/129', '10.0.0.0/8/8', '10.0.0.0/', 'fe80::1%eth0'].map(
      (bad) => [
        `listen: { proxy_protocol: { from: ["${bad}"] } }`,
        `3:36 listen.proxy_protocol.from[0]: must be an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8, not "${bad}"`,
      ],
    ),
    [
      'upstream: { hosts: db }',
      '3:20 upstream.hosts: must be a list of servers, not "db"; write hosts: [{ host: db1.example, port: 5432 }, { host: db2.example }]',
    ],
    [
      'upstream: { hosts: [] }',
      '3:13 upstream.hosts: must be a list of servers, not an empty list; write hosts: [{ host: db1.example, port: 5432 }, { host: db2.example }]',
    ],
    ['upstream: { hosts: [db] }', '3:21 upstream.hosts[0]: must be a mapping, not "db"; valid keys: host, port'],
    [
      'upstream: { hosts: [{ host: a }, { host: a, prot: 1 }] }',
      '3:45 upstream.hosts[1].prot: unknown key "prot"; did you mean "port"? valid: host, port',
    ],
    [
      'upstream: { hosts: [{ host: a }, { host: a, port: 5432 }] }',
      '3:34 upstream.hosts[1]: a:5432 stands here a second time',
    ],
    ['upstream: { port: 1, hosts: [{}] }', '3:13 upstream.port: stands beside hosts; put every server into hosts'],
    [
      'upstream: { hosts: [{ port: 6432 }, { port: 1 }] }\nlisten: { port: 1 }',
      '4:1 listen: is the same place as upstream, so the gateway would call itself; give listen a port of its own, such as 6432',
    ],
    [
      'upstream: { target_session_attrs: readwrite }',
      '3:35 upstream.target_session_attrs: unknown target_session_attrs "readwrite"; did you mean "read-write"? valid: any, read-write, read-only, primary, standby, prefer-standby',
    ],
    [
      'upstream: { load_balance_hosts: true }',
      '3:33 upstream.load_balance_hosts: unknown load_balance_hosts true; valid: disable, random',
    ],
    [
      'upstream: { connect_seconds: 0 }',
      '3:30 upstream.connect_seconds: must be a whole number of seconds from 1 to 3600, not 0',
    ],
    ['roles: [a]', '3:1 roles: must be a mapping of roles by name, not a list'],
    ['roles: { a: 5 }', '3:13 roles.a: must be a mapping, not 5; valid keys: max_sessions, replication, function_call'],
    [
      'roles: { a: { max_session: 5 } }',
      '3:15 roles.a.max_session: unknown key "max_session"; did you mean "max_sessions"? valid: max_sessions, replication, function_call',
    ],
    ['roles: { a: { max_sessions: 0 } }', '3:29 roles.a.max_sessions: must be a whole number from 1 to 100000, not 0'],
    ['roles: { a: { replication: true } }', '3:28 roles.a.replication: unknown replication true; valid: refuse, allow'],
    ['roles: { "": {} }', '3:10 roles."": "" is not a name for a role; a name has 1 to 63 bytes'],
    [
      'limits: { login_seconds: 1m }',
      '3:26 limits.login_seconds: must be a whole number of seconds from 1 to 3600, not "1m"',
    ],
    [
      'limits: { drain_seconds: -1 }',
      '3:26 limits.drain_seconds: must be a whole number of seconds from 0 to 3600, not -1',
    ],
    [
      'limits: { shutdown_delay_seconds: 1h }',
      '3:35 limits.shutdown_delay_seconds: must be a whole number of seconds from 0 to 3600, not "1h"',
    ],
    [
      'limits: { cached_plans: .inf }',
      '3:25 limits.cached_plans: must be a whole number from 1 to 1000000, not Infinity',
    ],
    [
      'functions: { allow: [f] }',
      '3:22 functions.allow[0]: must be a signature with its schema, such as public.f(integer,text), not "f"',
    ],
    [
      'functions: { allow: public.f() }',
      '3:21 functions.allow: must be a list of signatures, such as [public.f(integer,text)], not "public.f()"',
    ],
    [
      'one_way_keys: { id: a, file: b }',
      '3:1 one_way_keys: must be a list of keys, not a mapping; write one_way_keys: [{ id: 2026-11, file: one-way.key }], the newest first',
    ],
    [
      'one_way_keys: []',
      '3:1 one_way_keys: must be a list of keys, not an empty list; write one_way_keys: [{ id: 2026-11, file: one-way.key }], the newest first',
    ],
    [
      'one_way_keys: [{ id: a_b, file: k }]',
      '3:22 one_way_keys[0].id: must be 1 to 16 of the characters A-Z a-z 0-9 and -, not "a_b"',
    ],
    ['one_way_keys: [{ id: 2026, file: k }]', '3:22 one_way_keys[0].id: must be text; put it in quotes, not 2026'],
    [
      'one_way_keys: [{ id: a }]',
      '3:16 one_way_keys[0].file: is missing; it must be the name of a file; a relative one starts at the folder of the configuration file',
    ],
    [
      'one_way_keys: [{ id: a, file: k, secret: s }]',
      '3:34 one_way_keys[0].secret: unknown key "secret"; valid: id, file',
    ],
    [
      'one_way_keys:\n- { id: a, file: k }\n- { id: a, file: l }',
      '5:9 one_way_keys[1].id: key id "a" stands here a second time; the first is in line 4',
    ],
  ])('%s', (text, line) => {
    expect(problems(`${HEAD}policies: {}\n${text}\n`)).toEqual([`c.yaml:${line}`]);
  });

  it.each([
    [
      '{ user: u, password: hunter2 }',
      '1:21 catalog.password: unknown key "password"; did you mean "password_file"? valid: user, password_file, refresh_seconds, databases',
    ],
    ['{ user: "" }', '1:18 catalog.user: must be the name of a database role that may log in, not ""'],
    [
      '{ user: u, refresh_seconds: 0 }',
      '1:38 catalog.refresh_seconds: must be a whole number of seconds from 1 to 86400, not 0',
    ],
    [
      '{ user: u, databases: shop }',
      '1:32 catalog.databases: must be a list of names of databases, such as [a, b], not "shop"',
    ],
    ['{ user: u, databases: [1] }', '1:33 catalog.databases[0]: must be a name; put numbers in quotes, not 1'],
    [
      `{ user: u, databases: [${'x'.repeat(64)}] }`,
      `1:33 catalog.databases[0]: must be a name of 1 to 63 bytes, not "${'x'.repeat(59)}…`,
    ],
    [
      '{ user: u, password_file: "" }',
      '1:36 catalog.password_file: must be the name of a file; a relative one starts at the folder of the configuration file, not ""',
    ],
  ])('catalog %s', (catalog, line) => {
    expect(problems(`catalog: ${catalog}\npolicies: {}\n`)).toEqual([`c.yaml:${line}`]);
  });
});

it('reports everything at once, in the order of the file, each in one line', () => {
  const text = `
listen: { port: 70000 }
catalog: { usr: u }
one_way_keys: [{ id: a b, file: k }]
policies:
  p:
    mode: on
    redact_when: { table: orders, where: "" }
    tables:
      public.a:
        belongs_to: { public.b: a = b }
        columns:
          c: { category: "e\\nmail", mask: oneway }
`;
  const lines = problems(text);
  expect(lines.map((line) => line.replace(/: .*/, ''))).toEqual([
    'c.yaml:2:17 listen.port',
    'c.yaml:3:1 catalog.user',
    'c.yaml:3:12 catalog.usr',
    'c.yaml:4:22 one_way_keys[0].id',
    'c.yaml:7:11 policies.p.mode',
    'c.yaml:8:27 policies.p.redact_when.table',
    'c.yaml:8:42 policies.p.redact_when.where',
    'c.yaml:13:26 policies.p.tables."public.a".columns.c.category',
    'c.yaml:13:43 policies.p.tables."public.a".columns.c.mask',
  ]);
});
