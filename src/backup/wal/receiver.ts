import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import type { Vault } from '../vault.ts';
import { timelineName } from '../wal-archive.ts';
import { formatLsn, type Lsn, parseHistory, parseLsn, segmentStart } from './position.ts';
import { Spool, type SpoolPosition, type SpoolWriter } from './spool.ts';
import {
  beginStatus,
  isReceiverAlive,
  type ReceiverStatus,
  readReceiverStatus,
  writeReceiverStatus,
} from './status.ts';
import {
  type Cluster,
  connectReplication,
  type ReplicationConnection,
  type StreamEnd,
  type WalBytes,
} from './stream.ts';
import { type Uploaded, Uploader } from './uploader.ts';

export interface ReceiverEvents {
  onState?(status: ReceiverStatus): void;
  onProblem?(error: unknown): void;
  /** Part of the log is lost for good: only a new whole backup makes recovery up to now possible again. */
  onGap?(gap: { readonly from: Lsn; readonly to: Lsn; readonly timeline: number }): void;
  onUploaded?(uploaded: Uploaded): void;
}

export interface ReceiverOptions extends ReceiverEvents {
  /** A login that may replicate. */
  readonly url: string;
  readonly slot: string;
  readonly spoolFolder: string;
  readonly vault: Vault;
  /** The begun segment is uploaded that often while it grows. */
  readonly partialEveryMs: number;
  /** With more than this waiting for the storage nothing more is taken from the server, which keeps it. In bytes. */
  readonly spoolLimit: number;
  /** The longest wait between two attempts to upload, in milliseconds. Default: half a minute. */
  readonly longestUploadWaitMs?: number;
  /** How long a stop waits for what the server has and for the storage. */
  readonly stopPatienceMs: number;
}

export interface RunningReceiver {
  /** Ends when it was stopped; fails with what cannot be mended by trying again. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  status(): ReceiverStatus;
}

/** A receiver that is connected keeps the server from ending it for silence (`wal_sender_timeout`, a minute). */
const confirmEveryMs = 5_000;
/** Bytes that may wait in memory for the disk. */
const memoryLimit = 16 * 1024 ** 2;

/** The server has thrown away what was to come next, or the slot with it. */
function isLost(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  // 58P01: the file of the segment is gone. 55000: the slot was invalidated.
  return error.code === '58P01' || (error.code === '55000' && /replication slot/.test(error.message));
}

function isFatal(error: unknown): boolean {
  return (
    error instanceof StoaError &&
    ['wal.spool_failed', 'wal.other_cluster', 'wal.diverged'].includes(error.code)
  );
}

/**
 * Receives the log of a server through a slot of its own, keeps it on this disk before it says so to the server, and
 * brings it into the storage. Connects again when the connection breaks. One receiver a spool; refuses wal.running.
 */
export function startReceiver(options: ReceiverOptions): RunningReceiver {
  const receiver = new Receiver(options);
  const ended = receiver.run();
  ended.catch(() => {});
  return { ended, stop: () => receiver.stop(ended), status: () => receiver.status };
}

class Receiver {
  readonly #options: ReceiverOptions;
  readonly #spool: Spool;
  readonly #stopping = new AbortController();
  #status: ReceiverStatus;
  #writer: SpoolWriter | undefined;
  #uploader: Uploader | undefined;
  #uploading: Promise<void> | undefined;
  #isUploadWanted = false;
  #wakeUp: (() => void) | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#spool = new Spool(options.spoolFolder);
    const present = readReceiverStatus(options.spoolFolder);
    if (present !== undefined && isReceiverAlive(present) && present.pid !== process.pid) {
      throw new StoaError(
        'wal.running',
        `Process ${present.pid} already receives into ${options.spoolFolder}.`,
        {
          cure: 'Look at "stoa backup wal status".',
          exitCode: exitCodes.busy,
        },
      );
    }
    this.#status = beginStatus(options.spoolFolder, options.slot);
    writeReceiverStatus(options.spoolFolder, this.#status);
  }

  get status(): ReceiverStatus {
    return this.#status;
  }

  #update(change: Partial<ReceiverStatus>): void {
    this.#status = { ...this.#status, ...change };
    if ('state' in change || 'problem' in change) this.#options.onState?.(this.#status);
  }

  #problem(error: unknown): void {
    this.#update({ problem: error instanceof Error ? error.message : String(error) });
    this.#options.onProblem?.(error);
  }

  async stop(ended: Promise<void>): Promise<void> {
    if (this.#stopping.signal.aborted) return ended.catch(() => {});
    const { stopPatienceMs } = this.#options;
    const patience = AbortSignal.timeout(stopPatienceMs);
    // What was committed before the stop is to be here after it.
    const committed = this.#writer === undefined ? undefined : await this.#serverPosition();
    while (committed !== undefined && !patience.aborted && (this.#writer?.flushed ?? committed) < committed)
      await sleep(5);
    this.#stopping.abort();
    this.#wakeUp?.();
    await Promise.race([ended.catch(() => {}), sleep(stopPatienceMs * 2, undefined, { ref: false })]);
  }

  async #serverPosition(): Promise<Lsn | undefined> {
    try {
      const client = await connect(this.#options.url, 'log');
      try {
        const { rows } = await client.query<{ lsn: string }>(
          'select pg_current_wal_flush_lsn()::text as lsn',
        );
        return rows[0] && parseLsn(rows[0].lsn);
      } finally {
        await client.end();
      }
    } catch {
      return undefined;
    }
  }

  async run(): Promise<void> {
    const { signal } = this.#stopping;
    const book = setInterval(() => this.#write(), 1_000);
    const partial = setInterval(() => void this.#upload(), this.#options.partialEveryMs);
    try {
      const known = this.#spool.identity();
      // What is here goes into the storage although the server may never come again.
      if (known !== undefined) {
        this.#uploader = this.#newUploader(known.systemIdentifier);
        void this.#upload();
      }
      for (let wait = 100; !signal.aborted; wait = Math.min(wait * 2, 10_000)) {
        try {
          await this.#connectAndReceive(() => {
            wait = 100;
          });
        } catch (error) {
          if (isFatal(error)) throw error;
          if (!signal.aborted) this.#problem(error);
        }
        // The server may be gone for good: what it said last must not wait for the next half minute.
        this.#writer = undefined;
        void this.#upload();
        if (!signal.aborted) await sleep(wait, undefined, { signal }).catch(() => {});
      }
      // Nobody waits longer for a storage that does not answer than a stop may take.
      await Promise.race([
        this.#uploader?.upload().catch((error: unknown) => this.#problem(error)),
        sleep(this.#options.stopPatienceMs, undefined, { ref: false }),
      ]);
      this.#update({ state: 'stopped' });
    } catch (error) {
      this.#problem(error);
      this.#update({ state: 'stopped' });
      throw error;
    } finally {
      clearInterval(book);
      clearInterval(partial);
      this.#stopping.abort();
      this.#write();
    }
  }

  #write(): void {
    try {
      writeReceiverStatus(this.#options.spoolFolder, this.#status);
    } catch (error) {
      this.#options.onProblem?.(error);
    }
  }

  #newUploader(systemIdentifier: string): Uploader {
    return new Uploader({
      spool: this.#spool,
      vault: this.#options.vault,
      systemIdentifier,
      ...(this.#options.longestUploadWaitMs === undefined
        ? {}
        : { longestWaitMs: this.#options.longestUploadWaitMs }),
      writing: () => this.#writer?.writing,
      onUploaded: (uploaded) => {
        this.#update({ uploaded: { ...uploaded, at: uploaded.at.toISOString() } });
        this.#options.onUploaded?.(uploaded);
      },
      onFailure: (error) => this.#problem(error),
    });
  }

  /** One at a time; what is asked for meanwhile is done once more afterwards. */
  #upload(): Promise<void> {
    this.#isUploadWanted = true;
    this.#uploading ??= this.#uploadWhileWanted()
      // Nobody waits for it: a spool that cannot be read must not end the process.
      .catch((error: unknown) => this.#problem(error))
      .finally(() => {
        this.#uploading = undefined;
      });
    return this.#uploading;
  }

  async #uploadWhileWanted(): Promise<void> {
    while (this.#isUploadWanted && !this.#stopping.signal.aborted) {
      this.#isUploadWanted = false;
      await this.#uploader?.persist(this.#stopping.signal);
      this.#update({ spoolBytes: (await this.#uploader?.waiting()) ?? 0 });
      this.#wakeUp?.();
    }
  }

  async #connectAndReceive(onReceiving: () => void): Promise<void> {
    const { slot } = this.#options;
    this.#update({ state: 'connecting' });
    const connection = await connectReplication(this.#options.url, slot);
    try {
      const cluster = await connection.identify();
      const { systemIdentifier, segmentSize } = cluster;
      this.#spool.claim({ systemIdentifier, segmentSize });
      this.#uploader ??= this.#newUploader(systemIdentifier);
      this.#update({ systemIdentifier });
      let from = await this.#whereToBegin(connection, cluster);
      while (!this.#stopping.signal.aborted) {
        let end: StreamEnd;
        try {
          end = await this.#receive(connection, cluster, from, onReceiving);
        } catch (error) {
          if (!isLost(error)) throw error;
          from = await this.#startAnew(connection, cluster, from);
          continue;
        }
        if (end.reason === 'stopped') return;
        // The old timeline ends within a segment; the new one begins with a copy of that part.
        from = { timeline: end.timeline, lsn: segmentStart(end.start, segmentSize) };
        await this.#keepHistory(connection, end.timeline);
      }
    } finally {
      await connection.close();
    }
  }

  async #whereToBegin(connection: ReplicationConnection, cluster: Cluster): Promise<SpoolPosition> {
    const { slot } = this.#options;
    const { segmentSize } = cluster;
    if (cluster.timeline > 1) await this.#keepHistory(connection, cluster.timeline);
    let found = await connection.readSlot(slot);
    if (found !== undefined && found.restartLsn === undefined) {
      this.#problem(new StoaError('wal.slot_lost', `The server has given up the slot ${slot}.`));
      await connection.dropSlot(slot);
      found = undefined;
    }
    if (found === undefined) {
      await connection.createSlot(slot);
      found = await connection.readSlot(slot);
    }
    const reserved = segmentStart(found?.restartLsn ?? cluster.flushedLsn, segmentSize);
    const last = await this.#spool.position();
    if (last === undefined) return { timeline: cluster.timeline, lsn: reserved };
    if (last.timeline === cluster.timeline) {
      if (last.end > cluster.flushedLsn) throw diverged(last, cluster);
      return last;
    }
    const history = parseHistory((await connection.history(cluster.timeline)).toString('utf8'));
    const left = history.findIndex(({ timeline }) => timeline === last.timeline);
    const end = history[left]?.end;
    if (end === undefined) {
      // Nothing that is here leads to what the server is now.
      this.#recordGap({ timeline: cluster.timeline, from: last.lsn, to: reserved });
      return { timeline: cluster.timeline, lsn: reserved };
    }
    if (last.lsn <= end) return last;
    return { timeline: history[left + 1]?.timeline ?? cluster.timeline, lsn: segmentStart(end, segmentSize) };
  }

  /** The slot, or what it was to reserve, is gone: goes on from what the server has, and says what is missing. */
  async #startAnew(
    connection: ReplicationConnection,
    cluster: Cluster,
    wanted: SpoolPosition,
  ): Promise<SpoolPosition> {
    const { slot } = this.#options;
    if ((await connection.readSlot(slot)) !== undefined) await connection.dropSlot(slot);
    await connection.createSlot(slot);
    const { timeline, flushedLsn } = await connection.identify();
    const reserved = (await connection.readSlot(slot))?.restartLsn ?? flushedLsn;
    const start = segmentStart(reserved, cluster.segmentSize);
    if (start === wanted.lsn && timeline === wanted.timeline) {
      throw new StoaError('wal.unavailable', `The server does not send its log from ${formatLsn(start)} on.`);
    }
    this.#recordGap({ timeline, from: wanted.lsn, to: start });
    return { timeline, lsn: start };
  }

  #recordGap(gap: { readonly timeline: number; readonly from: Lsn; readonly to: Lsn }): void {
    const noticedAt = new Date().toISOString();
    this.#update({
      gaps: [
        ...this.#status.gaps,
        { timeline: gap.timeline, from: formatLsn(gap.from), to: formatLsn(gap.to), noticedAt },
      ],
      backupWantedSince: this.#status.backupWantedSince ?? noticedAt,
    });
    this.#write();
    this.#options.onGap?.(gap);
  }

  async #keepHistory(connection: ReplicationConnection, timeline: number): Promise<void> {
    await this.#spool.keep(`${timelineName(timeline)}.history`, await connection.history(timeline));
    void this.#upload();
  }

  async #isSpoolFull(): Promise<boolean> {
    if (this.#status.spoolBytes < this.#options.spoolLimit) return false;
    const spoolBytes = (await this.#uploader?.waiting()) ?? 0;
    this.#update({ spoolBytes });
    return spoolBytes >= this.#options.spoolLimit;
  }

  /** One stream until it ends. What arrives is written in groups: all that came while the last was flushed. */
  async #receive(
    connection: ReplicationConnection,
    cluster: Cluster,
    from: SpoolPosition,
    onReceiving: () => void,
  ): Promise<StreamEnd> {
    const { signal } = this.#stopping;
    const writer = this.#spool.writer(from, cluster.segmentSize);
    this.#writer = writer;
    let waiting: WalBytes[] = [];
    let waitingBytes = 0;
    let outcome: { readonly end: StreamEnd } | { readonly error: unknown } | undefined;
    let wake = Promise.withResolvers<void>();
    this.#wakeUp = () => wake.resolve();

    const stream = connection.stream(
      { slot: this.#options.slot, timeline: from.timeline, start: from.lsn },
      {
        onBytes: (message) => {
          waiting.push(message);
          waitingBytes += message.bytes.length;
          if (waitingBytes > memoryLimit) stream.hold(true);
          wake.resolve();
        },
        onReplyWanted: () => stream.confirm(writer.flushed),
        onServerPosition: (lsn) => this.#update({ serverLsn: formatLsn(lsn) }),
      },
    );
    stream.ended.then(
      (end) => {
        outcome = { end };
        wake.resolve();
      },
      (error: unknown) => {
        outcome = { error };
        wake.resolve();
      },
    );
    const confirming = setInterval(() => stream.confirm(writer.flushed), confirmEveryMs);
    this.#update({ state: 'receiving', timeline: from.timeline });
    try {
      for (;;) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
        if (signal.aborted) {
          stream.confirm(writer.flushed);
          return { reason: 'stopped' };
        }
        if (waiting.length > 0) {
          if (await this.#isSpoolFull()) {
            stream.hold(true);
            if (this.#status.state !== 'spool full') {
              this.#update({ state: 'spool full' });
              this.#problem(spoolFull(this.#options.spoolFolder));
            }
            // Only the storage can make room; until then the server keeps what comes.
            if (outcome === undefined) continue;
            throw spoolFull(this.#options.spoolFolder);
          }
          if (this.#status.state === 'spool full') this.#update({ state: 'receiving' });
          const group = waiting;
          waiting = [];
          waitingBytes = 0;
          const finished = await writer.append(group);
          stream.confirm(writer.flushed);
          stream.hold(false);
          onReceiving();
          this.#flushed(writer, finished.length * cluster.segmentSize);
          if (finished.length > 0) void this.#upload();
          if (waiting.length > 0) wake.resolve();
        }
        if (waiting.length > 0) continue;
        if (outcome !== undefined) {
          if ('error' in outcome) throw outcome.error;
          return outcome.end;
        }
      }
    } finally {
      clearInterval(confirming);
      this.#wakeUp = undefined;
      stream.finish();
      await writer.close();
    }
  }

  #flushed(writer: SpoolWriter, grownBy: number): void {
    const { problem: _, ...status } = this.#status;
    this.#status = {
      ...status,
      flushedLsn: formatLsn(writer.flushed),
      flushedAt: new Date().toISOString(),
      spoolBytes: this.#status.spoolBytes + grownBy,
    };
  }
}

/** A server sends nothing that it could still lose: one that is behind its own log was put back to an older state. */
function diverged(last: { readonly end: Lsn }, cluster: Cluster): StoaError {
  return new StoaError(
    'wal.diverged',
    `The server is at ${formatLsn(cluster.flushedLsn)}, and its log was received up to ${formatLsn(last.end)}.`,
    {
      cure: 'It was put back to an older state without a timeline of its own. Bring it back with "stoa restore", which begins one, or set STOA_BACKUP_STORAGE and STOA_BACKUP_WAL_SPOOL to new places.',
      exitCode: exitCodes.refused,
    },
  );
}

function spoolFull(folder: string): StoaError {
  return new StoaError(
    'wal.spool_full',
    `${folder} holds as much log as it may; the storage does not take it.`,
    {
      cure: 'Mend the storage of backups, or raise STOA_BACKUP_WAL_SPOOL_LIMIT_MB.',
    },
  );
}
