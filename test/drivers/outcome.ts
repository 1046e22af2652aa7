/** What a driver gets in a broad scenario, direct or through the gateway, in a form in which the two can be compared. */

export interface Outcome {
  /** By topic: what must be the same with and without the gateway. */
  readonly same: Readonly<Partial<Record<Topic, unknown>>>;
  /** By way of reading: the orders 900001 to 900003, which are redacted. */
  readonly rows: Readonly<Record<string, readonly Row[]>>;
  /** By situation: what a filter on a masked column got, and what the session said when it was used again. */
  readonly filters: Readonly<Record<string, Filtered>>;
}

/** Id as a number, buyer_name, buyer_email and gift_message. */
export type Row = readonly unknown[];

export interface Filtered {
  /** Ids of the rows that were found, or the driver's own error. */
  readonly found?: readonly number[];
  readonly error?: DriverError;
  readonly after: unknown;
}

export interface DriverError {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
  /** The SQL from the error's position on. */
  readonly at: string;
}

/** What a scenario covers, unless its driver has no such thing. */
export const TOPICS = [
  'login',
  'simple',
  'parameters',
  'prepared',
  'types',
  'binary',
  'cursor',
  'transactions',
  'errors',
  'batch',
  'copy',
  'notifications',
  'notices',
  'cancel',
  'metadata',
  'returning',
  'large',
  'orders',
] as const;
export type Topic = (typeof TOPICS)[number];

/** What a session says after a refusal, when all is well. */
export const FINE = 'fine';
