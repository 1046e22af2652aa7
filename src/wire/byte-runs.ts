/** Collects output as ranges, joining those that follow each other in one buffer, so that a chunk is one write. */
export class ByteRuns {
  #ranges: Buffer[] = [];
  #buffer: Buffer | undefined;
  #start = 0;
  #end = 0;

  /** Appends a range of a buffer, which must not change until the next `take`. */
  add(buffer: Buffer, start: number, end: number): void {
    if (buffer === this.#buffer && start === this.#end) {
      this.#end = end;
      return;
    }
    this.#close();
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
  }

  /** Appends a whole buffer. */
  append(buffer: Buffer): void {
    this.add(buffer, 0, buffer.length);
  }

  /** Everything collected since the last `take`; empty for nothing. */
  take(): readonly Buffer[] {
    this.#close();
    if (this.#ranges.length === 0) return NOTHING;
    const ranges = this.#ranges;
    this.#ranges = [];
    return ranges;
  }

  #close(): void {
    const buffer = this.#buffer;
    if (!buffer) return;
    this.#buffer = undefined;
    if (this.#start === this.#end) return;
    const whole = this.#start === 0 && this.#end === buffer.length;
    this.#ranges.push(whole ? buffer : buffer.subarray(this.#start, this.#end));
  }
}

const NOTHING: readonly Buffer[] = [];
