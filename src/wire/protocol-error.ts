/** A message is not what the protocol allows at that point; the session that it belongs to must end. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** SQLSTATE protocol_violation. */
  readonly code = '08P01';
}

/** The fields of one message are not as they should be: the server answers with an error and goes on. Its own words. */
export class MalformedMessage extends ProtocolError {}
