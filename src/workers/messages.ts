/** What the primary and its workers tell and ask each other. Plain data, with typed arrays. */
import type { MetricsJson } from '../metrics.js';
import type { Config, HostPort } from '../policy/config-types.js';
import type { NotTaken } from './configured.js';

/** A session of a worker, among all of its. */
export interface SessionKey {
  readonly worker: number;
  readonly session: number;
}

/** Names that a session is about to change, and has not committed. */
export interface Announcement extends SessionKey {
  readonly database: string;
  /** Those that it has not announced before. */
  readonly names: readonly string[];
}

export type NoticeToWorker =
  | { readonly kind: 'start'; readonly config: Config }
  /** `drain`: as at the end of a process. `replaced`: another has taken its place, and running transactions get any time. */
  | { readonly kind: 'stop'; readonly how: 'drain' | 'replaced' }
  /** The server may have committed what a session of another worker has announced. */
  | { readonly kind: 'schema changed'; readonly database: string }
  /** It has, and has said so, or has given up. */
  | ({ readonly kind: 'settled'; readonly database: string } & SessionKey)
  /** What its sessions have announced may be committed yet. */
  | { readonly kind: 'worker gone'; readonly worker: number };

export type QuestionToWorker =
  | { readonly kind: 'configure'; readonly config: Config }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'unready' }
  /** Answered when no statement that is planned from now on uses the names. */
  | ({ readonly kind: 'announce' } & Announcement);

export type NoticeToPrimary =
  | { readonly kind: 'running'; readonly address: HostPort }
  | { readonly kind: 'cannot start'; readonly reason: NotTaken }
  | { readonly kind: 'last metrics'; readonly metrics: MetricsJson }
  | { readonly kind: 'schema changed'; readonly database: string }
  | { readonly kind: 'settled'; readonly session: number; readonly database: string }
  /** A session of the role is over. */
  | { readonly kind: 'give'; readonly role: string };

export type QuestionToPrimary =
  | ({ readonly kind: 'announce' } & Omit<Announcement, 'worker'>)
  /** Whether a session of the role may begin; if so, it counts until it is given back. */
  | { readonly kind: 'take'; readonly role: string };
