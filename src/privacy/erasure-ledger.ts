import { createHash, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { readObject } from '../storage/read.ts';
import type { Storage } from '../storage/storage.ts';
import { alone } from './database.ts';

/**
 * What brings an erasure back after a restore: one object for each, beside the backups and not in the database that
 * they restore. It holds the id of an account and when; what the person was recognised by is there as salted scrypt
 * digests alone, so that somebody who names an address can be told whether it was erased, and nobody else learns it.
 * Each names the SHA-256 of the object before it, so one that is taken out is missed.
 */

const prefix = 'erasures/';
const nothing = '0'.repeat(64);
/** Some 5 ms: guessing addresses against an entry costs that much each. */
const cost = { N: 4096, r: 8, p: 1 };

const shape = z.object({
  version: z.literal(1),
  sequence: z.number().int().positive(),
  requestId: z.uuid(),
  userId: z.uuid(),
  requestedAt: z.iso.datetime(),
  begunAt: z.iso.datetime(),
  identifiers: z.array(z.object({ kind: z.string(), salt: z.string(), digest: z.string() })),
  previous: z.string().regex(/^[0-9a-f]{64}$/),
});
export type LedgerEntry = z.infer<typeof shape>;

export interface LedgerRecord {
  readonly key: string;
  /** SHA-256 of the object. */
  readonly digest: string;
  readonly entry: LedgerEntry;
}

export interface LedgerFault {
  readonly sequence: number;
  readonly key?: string;
  readonly reason: string;
}

interface Place {
  readonly key: string;
  readonly sequence: number;
  readonly requestId: string;
}

async function placesOf(storage: Storage): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { key } of storage.list(prefix)) {
    const [, sequence, requestId] = /^erasures\/(\d{10})-([0-9a-f-]{36})\.json$/.exec(key) ?? [];
    if (sequence !== undefined && requestId !== undefined) {
      places.push({ key, sequence: Number(sequence), requestId });
    }
  }
  return places.sort((one, other) => one.sequence - other.sequence);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const stretch = promisify<string, Buffer, number, typeof cost, Buffer>(scrypt);

async function digestOf(value: string, salt: Buffer): Promise<string> {
  return (await stretch(value, salt, 32, cost)).toString('hex');
}

export interface NewEntry {
  readonly requestId: string;
  readonly userId: string;
  readonly requestedAt: Date;
  readonly identifiers: readonly { readonly kind: string; readonly value: string }[];
}

/** Adds an entry, or finds the one that is there. Answers when it is on the storage's disk. */
export function appendToLedger(
  client: ClientBase,
  storage: Storage,
  wanted: NewEntry,
): Promise<LedgerRecord> {
  // One writer at a time: two would take the same place in the chain.
  return alone(client, 'audit.erasure_ledger', async () => {
    const places = await placesOf(storage);
    const known = places.find(({ requestId }) => requestId === wanted.requestId);
    if (known !== undefined) {
      const bytes = await readObject(storage, known.key);
      return { key: known.key, digest: sha256(bytes), entry: shape.parse(JSON.parse(bytes.toString())) };
    }
    const last = places.at(-1);
    const sequence = (last?.sequence ?? 0) + 1;
    const entry: LedgerEntry = {
      version: 1,
      sequence,
      requestId: wanted.requestId,
      userId: wanted.userId,
      requestedAt: wanted.requestedAt.toISOString(),
      begunAt: new Date().toISOString(),
      identifiers: await Promise.all(
        wanted.identifiers.map(async ({ kind, value }) => {
          const salt = randomBytes(16);
          return { kind, salt: salt.toString('hex'), digest: await digestOf(value, salt) };
        }),
      ),
      previous: last === undefined ? nothing : sha256(await readObject(storage, last.key)),
    };
    const key = `${prefix}${String(sequence).padStart(10, '0')}-${wanted.requestId}.json`;
    const bytes = Buffer.from(`${JSON.stringify(entry)}\n`);
    await storage.put(key, bytes, { contentType: 'application/json', expectedSize: bytes.length });
    return { key, digest: sha256(bytes), entry };
  });
}

/** Every entry in its order, and where the chain is broken. */
export async function readLedger(
  storage: Storage,
): Promise<{ readonly records: readonly LedgerRecord[]; readonly faults: readonly LedgerFault[] }> {
  const records: LedgerRecord[] = [];
  const faults: LedgerFault[] = [];
  let expected = 1;
  let previous: string | undefined = nothing;
  for (const { key, sequence, requestId } of await placesOf(storage)) {
    for (; expected < sequence; expected += 1) {
      faults.push({ sequence: expected, reason: 'missing' });
      previous = undefined;
    }
    expected = sequence + 1;
    const bytes = await readObject(storage, key);
    const digest = sha256(bytes);
    let entry: LedgerEntry;
    try {
      entry = shape.parse(JSON.parse(bytes.toString()));
    } catch {
      faults.push({ sequence, key, reason: 'not an entry' });
      previous = digest;
      continue;
    }
    if (entry.sequence !== sequence || entry.requestId !== requestId) {
      faults.push({ sequence, key, reason: 'not at its place' });
    } else if (previous !== undefined && entry.previous !== previous) {
      faults.push({ sequence, key, reason: 'does not follow the entry before it' });
    }
    records.push({ key, digest, entry });
    previous = digest;
  }
  return { records, faults };
}

/** Whether somebody with this address, name or number is in the entry. */
export async function isNamedIn(entry: LedgerEntry, value: string): Promise<boolean> {
  const wanted = value.trim().toLowerCase();
  for (const { salt, digest } of entry.identifiers) {
    if ((await digestOf(wanted, Buffer.from(salt, 'hex'))) === digest) return true;
  }
  return false;
}
