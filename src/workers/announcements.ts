/** Names that sessions of workers have changed and not committed: told to every other worker, and to those that come. */
import type { Member } from './member.js';
import type { Announcement, SessionKey } from './messages.js';

export interface Announcements {
  /** Resolves when every other worker has heard of it, or is gone. */
  announce(announcement: Announcement): Promise<void>;
  settled(key: SessionKey & { readonly database: string }): void;
  schemaChanged(by: number, database: string): void;
  /** A worker was launched: it hears what is announced already, before anything else. */
  joined(member: Member): void;
  /** A worker has ended. */
  left(worker: number): void;
}

export function createAnnouncements(members: ReadonlySet<Member>): Announcements {
  const open = new Map<string, Announcement>();
  const keyOf = ({ worker, session, database }: SessionKey & { readonly database: string }) =>
    JSON.stringify([worker, session, database]);
  const others = (than: number) => [...members].filter(({ number }) => number !== than);
  const tell = (member: Member, announcement: Announcement) =>
    member.channel.ask<void>({ ...announcement, kind: 'announce' }).catch(() => undefined);

  return {
    async announce(announcement) {
      const key = keyOf(announcement);
      const names = [...(open.get(key)?.names ?? []), ...announcement.names];
      open.set(key, { ...announcement, names });
      await Promise.all(others(announcement.worker).map((member) => tell(member, announcement)));
    },
    settled(key) {
      open.delete(keyOf(key));
      for (const member of others(key.worker)) void member.channel.notice({ kind: 'settled', ...key });
    },
    schemaChanged(by, database) {
      for (const member of others(by)) void member.channel.notice({ kind: 'schema changed', database });
    },
    joined(member) {
      for (const announcement of open.values()) void tell(member, announcement);
    },
    left(worker) {
      for (const [key, announcement] of open) if (announcement.worker === worker) open.delete(key);
      for (const member of members) void member.channel.notice({ kind: 'worker gone', worker });
    },
  };
}
