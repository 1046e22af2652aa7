/** What a client sends first: one startup packet, or what may stand before it, or what nobody should send. */
import { int16, int32, zero } from '../harness/messages.js';
import type { Chance } from './chance.js';

function packet(code: number, ...body: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat([int32(code), ...body]);
  return Buffer.concat([int32(bytes.length + 4), bytes]);
}

const SSL = packet(80877103);
const GSS = packet(80877104);

/** A startup packet that the server would take. */
export function goodStartup(tag: string): Buffer {
  return packet(0x30000, ...['user', `u${tag}`, 'database', 'd', ''].map(zero));
}

export function startupPackets(random: Chance, tag: string): Buffer[] {
  const packets: Buffer[] = [];
  while (random.oneIn(4)) packets.push(random.oneIn(2) ? SSL : GSS);
  if (random.oneIn(8)) packets.push(packet(80877102, int32(7), Buffer.from(tag.repeat(1 + random.below(40)))));
  const version = Buffer.concat([
    int16(random.oneIn(10) ? random.below(5) : 3),
    int16(random.pick([0, 0, 2, 3, 9999])),
  ]);
  const names = ['user', 'database', 'options', 'replication', '_pq_.x', 'client_encoding', 'application_name'];
  const fields = ['user', `u${tag}`];
  while (random.oneIn(2)) fields.push(random.pick(names), random.pick(['on', 'off', tag, 'é', '']));
  packets.push(
    packet(version.readInt32BE(0), ...fields.map(zero), Buffer.alloc(random.oneIn(20) ? random.below(3) : 1)),
  );
  return packets;
}
