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
  /** A keyed one-way token; `linkable`: over the value alone, so that equal values get equal tokens. */
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

export interface TableConfig {
  readonly table: QualifiedName;
  /** How rows of this table reach the row that decides; absent for the guard's own table and with `redactedWhen`. */
  readonly belongsTo?: {
    readonly parent: QualifiedName;
    /** Equalities between a column of this table and one of the parent. */
    readonly on: readonly { readonly child: string; readonly parent: string }[];
    /** Where several parent rows match: redacted when any of them is, or only when all are. */
    readonly match: 'any' | 'all';
    readonly at: SourcePosition;
  };
  /** A predicate of this table's own. */
  readonly redactedWhen?: { readonly sql: string; readonly at: SourcePosition };
  readonly columns: readonly ColumnConfig[];
  readonly at: SourcePosition;
}

export interface PolicyConfig {
  readonly name: string;
  readonly mode: 'enforce' | 'observe';
  /** Database names it holds for; absent: every one. */
  readonly databases?: readonly string[];
  /** Roles (or roles that are members of these) that see stored values. */
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
  readonly tables: readonly TableConfig[];
  readonly at: SourcePosition;
}

/** A finding about a policy, with its place in the file and what would be valid. */
export interface PolicyProblem {
  readonly at: SourcePosition;
  readonly message: string;
  readonly hint?: string;
}
