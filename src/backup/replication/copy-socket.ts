import { Socket } from 'node:net';

/** Takes the messages of a COPY from the socket instead of pg. */
export interface CopyTaker {
  /** The first byte of a message, which says what the rest of it is. */
  begin(kind: number): void;
  /** The rest of the message in one or more pieces, which are overwritten afterwards. */
  data(bytes: Buffer): void;
}

const readSize = 256 * 1024;
const gatheringMs = 1;
/** What each message of the server begins with: a letter, and a length that counts itself. */
const headSize = 5;
const copyData = 0x64;

/**
 * A connection to PostgreSQL, without TLS, over which a lot arrives: it is read into one buffer that is used again, and
 * whoever takes a COPY is given views of that. pg gets all other messages, each of them whole, so it keeps nothing of the
 * buffer. Reading that way takes a quarter of the processor's time that a socket, its buffers and pg's parser take.
 */
export class CopySocket extends Socket {
  /** Undefined: pg gets the messages of a COPY as well. */
  taker: CopyTaker | undefined;
  readonly #head = Buffer.alloc(headSize);
  #headFilled = 0;
  /** Bytes of the present message that are still to come. */
  #left = 0;
  #message: Buffer[] = [];
  #isTaken = false;
  #isHeld = false;
  #isBegun = false;

  constructor() {
    super({
      onread: {
        buffer: Buffer.allocUnsafe(readSize),
        callback: (count, buffer) => {
          this.#split(Buffer.from(buffer.buffer, buffer.byteOffset, count));
          if (this.taker !== undefined && count < readSize) this.#letGather();
          return true;
        },
      },
    });
  }

  /** Whoever pauses it is not to be overruled by the end of a wait. */
  override pause(): this {
    this.#isHeld = true;
    return super.pause();
  }

  override resume(): this {
    this.#isHeld = false;
    return super.resume();
  }

  /**
   * That was all there was. The server sends a few kilobytes at a time, and to be woken for each of them costs more than to
   * read it; meanwhile the kernel takes what arrives, which holds nobody up.
   */
  #letGather(): void {
    super.pause();
    setTimeout(() => {
      if (!this.#isHeld) super.resume();
    }, gatheringMs);
  }

  #split(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headFilled < headSize) {
        const count = bytes.copy(this.#head, this.#headFilled, at);
        this.#headFilled += count;
        at += count;
        if (this.#headFilled < headSize) return;
        this.#left = this.#head.readUInt32BE(1) - 4;
        this.#isTaken = this.taker !== undefined && this.#head.readUInt8(0) === copyData;
        this.#isBegun = false;
      } else {
        const piece = bytes.subarray(at, at + this.#left);
        at += piece.length;
        this.#left -= piece.length;
        if (this.#isTaken) this.#give(piece);
        else this.#message.push(Buffer.from(piece));
      }
      if (this.#left === 0) this.#finish();
    }
  }

  #give(piece: Buffer): void {
    if (!this.#isBegun) this.taker?.begin(piece.readUInt8(0));
    const rest = this.#isBegun ? piece : piece.subarray(1);
    this.#isBegun = true;
    if (rest.length > 0) this.taker?.data(rest);
  }

  #finish(): void {
    this.#headFilled = 0;
    if (this.#isTaken) return;
    const message = Buffer.concat([this.#head, ...this.#message]);
    this.#message = [];
    this.emit('data', message);
  }
}
