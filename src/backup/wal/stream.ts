import pg from 'pg';
import { z } from 'zod';
import { identifySystem, openReplication, showSetting } from '../replication/connection.ts';
import { formatLsn, type Lsn, parseLsn, parseSegmentSize } from './position.ts';

/** What the server sends of its log, in order. The bytes are copies and stay as they are. */
export interface WalBytes {
  readonly start: Lsn;
  readonly bytes: Buffer;
}

export interface StreamHandlers {
  onBytes(message: WalBytes): void;
  /** The server wants to know how far this is, at once. */
  onReplyWanted(): void;
  /** Where the server is with writing. */
  onServerPosition(lsn: Lsn): void;
}

/** Why the server sent no more: it stopped, or its timeline ended and another goes on from `start`. */
export type StreamEnd =
  | { readonly reason: 'stopped' }
  | { readonly reason: 'timeline'; readonly timeline: number; readonly start: Lsn };

export interface Cluster {
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly flushedLsn: Lsn;
  readonly segmentSize: number;
}

/** A physical slot. `restartLsn` is undefined once the server has given up what it reserved. */
export interface Slot {
  readonly restartLsn: Lsn | undefined;
}

/** The part of pg's connection that its types leave out (protocol, section 54.4: streaming replication). */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  readonly stream: { pause(): void; resume(): void };
  on(event: 'copyDone', listener: () => void): void;
  off(event: 'copyDone', listener: () => void): void;
}

/** The server's clock of this protocol: microseconds since 2000. */
const epochMs = Date.UTC(2000, 0, 1);

/** `r`, what was written, flushed and applied, the time, and whether an answer is wanted. */
function standbyStatus(flushed: Lsn): Buffer {
  const message = Buffer.alloc(34);
  message.write('r');
  message.writeBigUInt64BE(flushed, 1);
  message.writeBigUInt64BE(flushed, 9);
  // Nothing is applied here: it is kept, not replayed.
  message.writeBigUInt64BE(0n, 17);
  message.writeBigInt64BE(BigInt(Date.now() - epochMs) * 1000n, 25);
  return message;
}

const nextTimelineShape = z.tuple([z.string(), z.string()]);

/** One START_REPLICATION, as pg drives a query that is not its own. */
class Streaming {
  readonly #text: string;
  readonly #handlers: StreamHandlers;
  readonly #settle: (error: unknown, end?: StreamEnd) => void;
  #connection: CopyConnection | undefined;
  #isEnding = false;
  #isPaused = false;
  #end: StreamEnd = { reason: 'stopped' };

  constructor(text: string, handlers: StreamHandlers, settle: (error: unknown, end?: StreamEnd) => void) {
    this.#text = text;
    this.#handlers = handlers;
    this.#settle = settle;
  }

  readonly #onCopyDone = (): void => {
    this.finish();
  };

  submit(connection: CopyConnection): void {
    this.#connection = connection;
    connection.on('copyDone', this.#onCopyDone);
    connection.query(this.#text);
  }

  confirm(flushed: Lsn): void {
    if (!this.#isEnding) this.#connection?.sendCopyFromChunk(standbyStatus(flushed));
  }

  /** Ends the copy from this side; the server answers with what follows. */
  finish(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#connection?.endCopyFrom();
  }

  /** One flag: pausing twice needs resuming once. */
  hold(isHeld: boolean): void {
    if (this.#isPaused === isHeld) return;
    this.#isPaused = isHeld;
    if (isHeld) this.#connection?.stream.pause();
    else this.#connection?.stream.resume();
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    const kind = chunk.readUInt8(0);
    if (kind === 0x77) {
      this.#handlers.onServerPosition(chunk.readBigUInt64BE(9));
      // The chunk is a view of a buffer that the parser fills again: what is kept has to be copied now.
      this.#handlers.onBytes({ start: chunk.readBigUInt64BE(1), bytes: Buffer.from(chunk.subarray(25)) });
    } else if (kind === 0x6b) {
      this.#handlers.onServerPosition(chunk.readBigUInt64BE(1));
      if (chunk.readUInt8(17) === 1) this.#handlers.onReplyWanted();
    }
  }

  handleRowDescription(): void {}

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const [timeline, start] = nextTimelineShape.parse(fields);
    this.#end = { reason: 'timeline', timeline: Number(timeline), start: parseLsn(start) };
  }

  handleCommandComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}

  handleReadyForQuery(): void {
    this.#connection?.off('copyDone', this.#onCopyDone);
    this.#settle(undefined, this.#end);
  }

  handleError(error: unknown): void {
    this.#isEnding = true;
    this.#connection?.off('copyDone', this.#onCopyDone);
    // No handleReadyForQuery follows an error: whoever waits would wait for ever.
    this.#settle(error);
  }
}

export interface RunningStream {
  readonly ended: Promise<StreamEnd>;
  /** Tells the server that everything before `flushed` is on disk here. */
  confirm(flushed: Lsn): void;
  /** Read no more from the socket, or read on. What the parser already has still comes. */
  hold(isHeld: boolean): void;
  finish(): void;
}

/** A connection that replicates. Plain SQL is refused on it. */
export interface ReplicationConnection {
  identify(): Promise<Cluster>;
  show(setting: string): Promise<string>;
  /** Undefined where there is none of that name. */
  readSlot(name: string): Promise<Slot | undefined>;
  /** Reserves the log from the last checkpoint on. */
  createSlot(name: string): Promise<void>;
  dropSlot(name: string): Promise<void>;
  history(timeline: number): Promise<Buffer>;
  stream(
    from: { readonly slot: string; readonly timeline: number; readonly start: Lsn },
    handlers: StreamHandlers,
  ): RunningStream;
  close(): Promise<void>;
}

const slotShape = z.tuple([
  z.object({ slot_type: z.string().nullable(), restart_lsn: z.string().nullable() }),
]);
/** Bytes or text, as the major calls its type. */
const historyShape = z.tuple([z.object({ content: z.union([z.string(), z.instanceof(Buffer)]) })]);

/** `applicationName` is what `synchronous_standby_names` of the server may list. */
export async function connectReplication(
  url: string,
  applicationName: string,
): Promise<ReplicationConnection> {
  const client = await openReplication(url, applicationName);
  const name = pg.escapeIdentifier;
  return {
    async identify() {
      const { systemIdentifier, timeline, lsn } = await identifySystem(client);
      return {
        systemIdentifier,
        timeline,
        flushedLsn: parseLsn(lsn),
        segmentSize: parseSegmentSize(await showSetting(client, 'wal_segment_size')),
      };
    },
    show: (setting) => showSetting(client, setting),
    async readSlot(slot) {
      const { rows } = await client.query(`READ_REPLICATION_SLOT ${name(slot)}`);
      const [{ slot_type: type, restart_lsn: restart }] = slotShape.parse(rows);
      if (type === null) return undefined;
      return { restartLsn: restart === null ? undefined : parseLsn(restart) };
    },
    async createSlot(slot) {
      await client.query(`CREATE_REPLICATION_SLOT ${name(slot)} PHYSICAL RESERVE_WAL`);
    },
    async dropSlot(slot) {
      await client.query(`DROP_REPLICATION_SLOT ${name(slot)}`);
    },
    async history(timeline) {
      const { rows } = await client.query(`TIMELINE_HISTORY ${timeline}`);
      const [{ content }] = historyShape.parse(rows);
      return typeof content === 'string' ? Buffer.from(content) : content;
    },
    stream({ slot, timeline, start }, handlers) {
      const { promise, resolve, reject } = Promise.withResolvers<StreamEnd>();
      // Looked at when the stream has ended, which may be later than its failure.
      promise.catch(() => {});
      const streaming = new Streaming(
        `START_REPLICATION SLOT ${name(slot)} PHYSICAL ${formatLsn(start)} TIMELINE ${timeline}`,
        handlers,
        (error, end) => (end === undefined ? reject(error) : resolve(end)),
      );
      client.query(streaming as unknown as pg.Submittable);
      return {
        ended: promise,
        confirm: (flushed) => streaming.confirm(flushed),
        hold: (isHeld) => streaming.hold(isHeld),
        finish: () => streaming.finish(),
      };
    },
    async close() {
      await client.end().catch(() => undefined);
    },
  };
}
