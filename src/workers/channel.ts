/** Notices and questions between two processes. What one side sends arrives in order. */

/** One end of an IPC channel: `process` in a worker, the worker in the primary. */
export interface Port {
  send?(message: unknown, sent: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Envelope =
  /** The first of a worker: it listens. What is sent to it before could be heard by nobody. */
  | { readonly hello: true }
  | { readonly notice: unknown }
  | { readonly ask: number; readonly question: unknown }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly failure: string };

export interface ChannelHandlers<NoticeIn, QuestionIn> {
  readonly notice: (notice: NoticeIn) => void;
  /** What it resolves to, or the message of what it throws, is the answer. Plain data. */
  readonly question: (question: QuestionIn) => unknown;
}

export interface Channel<NoticeOut, QuestionOut> {
  /** Resolves when it is on its way, also where nobody is there any more. */
  notice(notice: NoticeOut): Promise<void>;
  /** Rejects where the other side fails or is gone. The caller knows the type of the answer. */
  ask<T>(question: QuestionOut): Promise<T>;
  /** The other side is gone: what it was asked is rejected. */
  close(): void;
}

/** @param side a `worker` says hello, the `primary` sends nothing before */
export function openChannel<NoticeOut, QuestionOut, NoticeIn, QuestionIn>(
  side: 'primary' | 'worker',
  port: Port,
  handlers: ChannelHandlers<NoticeIn, QuestionIn>,
): Channel<NoticeOut, QuestionOut> {
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  let closed = false;
  /** Until the other side listens. */
  let unsent: (() => void)[] | undefined = side === 'primary' ? [] : undefined;

  function send(envelope: Envelope): Promise<boolean> {
    return new Promise((resolve) => {
      const sendNow = (): void => {
        if (closed || !port.send) resolve(false);
        else port.send(envelope, (error) => resolve(!error));
      };
      if (unsent) unsent.push(sendNow);
      else sendNow();
    });
  }

  function sendAll(): void {
    const waiting = unsent ?? [];
    unsent = undefined;
    for (const sendNow of waiting) sendNow();
  }

  async function answer(id: number, question: QuestionIn): Promise<void> {
    try {
      await send({ answer: id, value: await handlers.question(question) });
    } catch (error) {
      await send({ answer: id, failure: error instanceof Error ? error.message : String(error) });
    }
  }

  port.on('message', (message) => {
    const envelope = message as Envelope;
    if ('hello' in envelope) sendAll();
    else if ('notice' in envelope) handlers.notice(envelope.notice as NoticeIn);
    else if ('ask' in envelope) void answer(envelope.ask, envelope.question as QuestionIn);
    else {
      const waiting = asked.get(envelope.answer);
      asked.delete(envelope.answer);
      if ('failure' in envelope) waiting?.reject(new Error(envelope.failure));
      else waiting?.resolve(envelope.value);
    }
  });

  if (side === 'worker') void send({ hello: true });
  return {
    async notice(notice) {
      await send({ notice });
    },
    ask<T>(question: QuestionOut) {
      return new Promise<T>((resolve, reject) => {
        const id = ++last;
        asked.set(id, { resolve: resolve as (value: unknown) => void, reject });
        send({ ask: id, question }).then((sent) => {
          if (!sent && asked.delete(id)) reject(new Error('the other process is gone'));
        });
      });
    },
    close() {
      closed = true;
      sendAll();
      for (const { reject } of asked.values()) reject(new Error('the other process is gone'));
      asked.clear();
    },
  };
}
