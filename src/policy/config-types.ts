/**
 * Policies as an operator wrote them, checked for form but not yet against any schema. `config.ts` makes these from the
 * YAML file; `bind.ts` checks them against a catalog snapshot.
 */

/** Where in a configuration file something stands, for messages. */
export interface SourcePosition {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Such as `policies.amazon-30-days.tables.public.orders.columns.buyer_name.mask`. */
  readonly path: string;
}

export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

export const CATEGORIES = [
  'personal_name',
  'address',
  'email',
  'phone',
  'payment',
  'ip_address',
  'geo_location',
  'survey_response',
  'gift_message',
] as const;
/** A kind of personal data. */
export type Category = (typeof CATEGORIES)[number];

/** What a protected cell of a redacted row is replaced by. */
export type MaskConfig =
  /** A keyed one-way token of the row; `linkable`: of the value alone, so that equal values get equal tokens. */
  | { readonly kind: 'one_way'; readonly linkable: boolean }
  | { readonly kind: 'blank' }
  | { readonly kind: 'null' }
  | { readonly kind: 'constant'; readonly value: string }
  /** Keeps the first and last characters, replaces the middle by `fill` (one character, repeated three times). */
  | { readonly kind: 'keep'; readonly first: number; readonly last: number; readonly fill: string }
  /** `***@example.com` */
  | { readonly kind: 'email_domain' }
  | { readonly kind: 'truncate'; readonly to: 'year' | 'month' }
  /** Numbers and points, to that many decimal places (negative: tens, hundreds, …). */
  | { readonly kind: 'round'; readonly digits: number }
  /** inet and cidr: the network of that prefix length. */
  | { readonly kind: 'network'; readonly v4: number; readonly v6: number };

export interface ColumnConfig {
  readonly name: string;
  readonly category: Category;
  readonly mask: MaskConfig;
  /** Show NULL where the stored value is NULL. Default false. */
  readonly keepNull: boolean;
  readonly at: SourcePosition;
}

/** How rows of a table reach the row that decides: equalities of a column of this table with one of the parent. */
export interface BelongsTo {
  readonly parent: QualifiedName;
  readonly on: readonly { readonly child: string; readonly parent: string }[];
  /** Where several parent rows match: redacted when any of them is, or only when all are. Default any. */
  readonly match: 'any' | 'all';
  readonly at: SourcePosition;
}

export interface TableConfig {
  readonly table: QualifiedName;
  /** Absent for the guard's own table and with `redactedWhen`. The parent has a guard of its own in this policy. */
  readonly belongsTo?: BelongsTo;
  /** A predicate of this table's own. */
  readonly redactedWhen?: { readonly sql: string; readonly at: SourcePosition };
  /** May be empty: a table that only leads from its children to the guard's table. */
  readonly columns: readonly ColumnConfig[];
  readonly at: SourcePosition;
}

export interface PolicyConfig {
  readonly name: string;
  readonly mode: 'enforce' | 'observe';
  /** Database names it holds for; absent: every one. */
  readonly databases?: readonly string[];
  /** Login roles that are one of these, or members of one, see stored values. */
  readonly exemptRoles: readonly string[];
  readonly redactWhen?: {
    readonly table: QualifiedName;
    readonly where: string;
    readonly unless?: string;
    readonly at: SourcePosition;
  };
  readonly onFilter: 'refuse' | 'mask';
  readonly onWrite: 'keep' | 'refuse';
  readonly onCopy: 'refuse' | 'mask';
  readonly ddl: 'refuse' | 'allow';
  readonly tables: readonly TableConfig[];
  readonly at: SourcePosition;
}

/** A finding about the configuration or a policy, with its place in the file and what would be valid. */
export interface Problem {
  readonly at: SourcePosition;
  readonly message: string;
  readonly hint?: string;
}

/** A key of one-way tokens. */
export interface OneWayKey {
  /** Stands in every token made with it: 1 to 16 of the characters A-Z a-z 0-9 and - */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A certificate with its chain, and its private key, both PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** TLS with clients. */
export interface ListenTls {
  readonly identity: Identity;
  /** Clients must have a certificate of one of these authorities (PEM). */
  readonly clientCa?: string;
  /** Whether clients without TLS are refused. */
  readonly required: boolean;
}

/** libpq's sslmode, without `allow`. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** TLS with the server. */
export interface UpstreamTls {
  readonly mode: Exclude<(typeof SSL_MODES)[number], 'disable'>;
  /** Authorities that may have signed the server's certificate, PEM; the system's where absent. */
  readonly ca?: string;
  /** What pgveil shows where the server asks for a certificate. */
  readonly identity?: Identity;
}

/** One server, and how to connect to it. */
export interface Server extends HostPort {
  /** Absent: no TLS. */
  readonly tls?: UpstreamTls;
}

/** libpq's target_session_attrs. */
export const TARGETS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
export type Target = (typeof TARGETS)[number];

/** Where sessions go: a server, or the first of several. */
export interface Upstream extends Server {
  /** The other ones. Default none. */
  readonly more?: readonly HostPort[];
  /** What a server must be. Default any. */
  readonly target?: Target;
  /** Each session tries them in an order of its own. Default false. */
  readonly balance?: boolean;
  /** Seconds to wait for a connection to one of them. Default: as long as the system does. */
  readonly connectSeconds?: number;
}

/** Addresses of which the first `prefix` bits are those of `address`. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** Clients that come by way of a proxy, which tells who they are. */
export interface ProxyProtocol {
  /** The addresses of the proxies. */
  readonly from: readonly Network[];
  /** Whether nobody else may connect, and every connection must begin with a PROXY header. */
  readonly required: boolean;
}

export interface Listen extends HostPort {
  /** Absent: no TLS. */
  readonly tls?: ListenTls;
  /** Absent: no connection begins with a PROXY header. */
  readonly proxyProtocol?: ProxyProtocol;
}

/** What holds for clients that log in as this role, and for no other. */
export interface RoleConfig {
  readonly name: string;
  /** Sessions at once. */
  readonly maxSessions?: number;
  /** Whether it may replicate, which carries stored values unmasked. */
  readonly replication: boolean;
  /** Whether it may send FunctionCall messages, whose results are not masked. */
  readonly functionCall: boolean;
}

/** The whole configuration file. */
export interface Config {
  readonly listen: Listen;
  readonly upstream: Upstream;
  /** The gateway's own connection to each database, for the schema only. */
  readonly catalog: {
    readonly user: string;
    readonly password?: string;
    /** Seconds between two looks at whether the schema has changed. Default 5. */
    readonly refreshSeconds: number;
    /** Databases whose schema is read at start, before the first client. Default none: on first use. */
    readonly databases: readonly string[];
  };
  /** Absent: no metrics, no health checks. */
  readonly metrics?: HostPort;
  /** Processes that serve clients. Default 1: the one that was started. */
  readonly workers: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Newest first; the first makes the tokens. Empty where no mask is one_way. */
  readonly oneWayKeys: readonly OneWayKey[];
  readonly limits: {
    /** Sessions at once. Default 1000. */
    readonly maxSessions: number;
    /** Sessions at once of each role that has no number of its own. Absent: as many as of all. */
    readonly maxSessionsPerRole?: number;
    /** Seconds that a session may be idle outside of a transaction; 0: as long as it likes. Default 0. */
    readonly idleSeconds: number;
    /** Seconds of silence after which a peer is asked whether it is still there; 0: never. Default 60. */
    readonly keepaliveSeconds: number;
    /** Seconds from the connection to the end of the login. Default 30. */
    readonly loginSeconds: number;
    /** Seconds that running transactions get at shutdown. Default 10. */
    readonly drainSeconds: number;
    /** Seconds between the signal to stop and the last new client, so that load balancers can learn of it. Default 0. */
    readonly shutdownDelaySeconds: number;
    /** Plans kept for each database. Default 5000. */
    readonly cachedPlans: number;
  };
  /**
   * Routines that may be called although they read protected relations, run SQL that they are given, or are of a
   * language that pgveil does not read: signatures as `oid::regprocedure` shows them, `public.f(integer,text)`.
   */
  readonly allowedRoutines: readonly { readonly signature: string; readonly at: SourcePosition }[];
  /** What is said of single roles. */
  readonly roles: readonly RoleConfig[];
  readonly policies: readonly PolicyConfig[];
}
