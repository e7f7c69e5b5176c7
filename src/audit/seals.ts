import type { ClientBase } from 'pg';
import { z } from 'zod';
import { readObject } from '../storage/read.ts';
import type { Storage } from '../storage/storage.ts';

/**
 * Whether the audit log is what was written: every entry left a digest, seals chain the digests, and the head of the
 * chain is anchored outside the database now and then, where somebody who may rewrite both does not reach it.
 */
export interface LogFault {
  /** `seal`: the chain is broken there. `anchor`: the chain is not the one that was anchored. */
  readonly what: 'changed' | 'deleted' | 'inserted' | 'seal' | 'anchor';
  readonly seal?: number;
  /** Id of the entry. */
  readonly entry?: string;
}

export interface LogVerdict {
  readonly seals: number;
  readonly entries: number;
  /** Not under a seal yet. */
  readonly unsealed: number;
  readonly oldestUnsealed: Date | null;
  readonly head: { readonly sequence: number; readonly digest: string } | null;
  /** How many heads that were kept outside the database were compared; null where none was asked for. */
  readonly anchors: number | null;
  readonly faults: readonly LogFault[];
}

const faultShape = z.object({
  what: z.enum(['changed', 'deleted', 'inserted', 'seal', 'anchor']),
  seal: z.number().optional(),
  entry: z.string().optional(),
});
const faultsShape = z.array(faultShape);

const anchorShape = z.object({
  sequence: z.number().int().positive(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  anchoredAt: z.iso.datetime(),
});

const prefix = 'audit/anchors/';
const sealsAtOnce = 100;

/** Puts everything that is committed under seals. Answers with how many entries. */
export async function sealLog(client: Pick<ClientBase, 'query'>): Promise<number> {
  for (let sealed = 0; ; ) {
    const { rows } = await client.query<{ sealed: number }>('select audit.seal_log() as sealed');
    const now = rows[0]?.sealed ?? 0;
    if (now === 0) return sealed;
    sealed += now;
  }
}

interface Unsealed {
  readonly unsealed: string;
  readonly oldest: Date | null;
  readonly head_sequence: string | null;
  readonly head_digest: Buffer | null;
  readonly faults: unknown;
}

async function unsealedOf(client: Pick<ClientBase, 'query'>): Promise<Unsealed> {
  const { rows } = await client.query<Unsealed>('select * from audit.verify_unsealed()');
  const [row] = rows;
  if (row === undefined) throw new Error('audit.verify_unsealed() gave no row');
  return row;
}

/** Keeps the head of the chain in the storage, once for each head. Answers with its sequence, or null. */
export async function anchorLog(client: Pick<ClientBase, 'query'>, storage: Storage): Promise<number | null> {
  const { rows } = await client.query<{ sequence: string | null; digest: Buffer | null }>(
    'select sequence, digest from audit.head_seal()',
  );
  const { sequence, digest } = rows[0] ?? { sequence: null, digest: null };
  if (sequence === null || digest === null) return null;
  const key = `${prefix}${sequence.padStart(19, '0')}.json`;
  // The first one stands: whoever rewrites the chain later does not anchor it anew.
  if ((await storage.head(key)) !== undefined) return null;
  const anchor = {
    sequence: Number(sequence),
    digest: digest.toString('hex'),
    anchoredAt: new Date().toISOString(),
  };
  await storage.put(key, Buffer.from(`${JSON.stringify(anchor)}\n`), { contentType: 'application/json' });
  return anchor.sequence;
}

async function compareAnchors(
  client: Pick<ClientBase, 'query'>,
  storage: Storage,
): Promise<{ readonly anchors: number; readonly faults: readonly LogFault[] }> {
  const faults: LogFault[] = [];
  const anchored: { readonly sequence: number; readonly digest: string | undefined }[] = [];
  for await (const { key } of storage.list(prefix)) {
    const sequence = Number(/(\d+)\.json$/.exec(key)?.[1]);
    const text = (await readObject(storage, key)).toString();
    const parsed = anchorShape.safeParse(JSON.parse(text));
    anchored.push({
      sequence,
      digest: parsed.success && parsed.data.sequence === sequence ? parsed.data.digest : undefined,
    });
  }
  const { rows } = await client.query<{ sequence: string; digest: Buffer }>(
    'select sequence, digest from audit.seals_at($1)',
    [anchored.map(({ sequence }) => sequence)],
  );
  const digests = new Map(rows.map(({ sequence, digest }) => [Number(sequence), digest.toString('hex')]));
  for (const { sequence, digest } of anchored) {
    if (digest === undefined || digests.get(sequence) !== digest)
      faults.push({ what: 'anchor', seal: sequence });
  }
  return { anchors: anchored.length, faults };
}

export interface VerifyOptions {
  /** Where heads were anchored. Undefined: only the database is asked. */
  readonly storage?: Storage;
  readonly onProgress?: (entries: number, seals: number) => void;
}

/** Compares every entry with its digest, every digest with its seal, every seal with the one before and with the anchors. */
export async function verifyLog(
  client: Pick<ClientBase, 'query'>,
  options: VerifyOptions = {},
): Promise<LogVerdict> {
  const faults: LogFault[] = [];
  let seals = 0;
  let entries = 0;
  const add = (found: unknown): void => {
    for (const { what, seal, entry } of faultsShape.parse(found)) {
      faults.push({
        what,
        ...(seal === undefined ? {} : { seal }),
        ...(entry === undefined ? {} : { entry }),
      });
    }
  };
  for (let after = 0; ; ) {
    const { rows } = await client.query<{
      last_sequence: string | null;
      seals: number;
      entries: string;
      faults: unknown;
    }>('select * from audit.verify_seals($1, $2)', [after, sealsAtOnce]);
    const [part] = rows;
    if (part === undefined || part.last_sequence === null) break;
    after = Number(part.last_sequence);
    seals += part.seals;
    entries += Number(part.entries);
    add(part.faults);
    options.onProgress?.(entries, seals);
  }
  const rest = await unsealedOf(client);
  add(rest.faults);
  const anchored = options.storage === undefined ? undefined : await compareAnchors(client, options.storage);
  faults.push(...(anchored?.faults ?? []));
  return {
    seals,
    entries,
    unsealed: Number(rest.unsealed),
    oldestUnsealed: rest.oldest,
    head:
      rest.head_sequence === null || rest.head_digest === null
        ? null
        : { sequence: Number(rest.head_sequence), digest: rest.head_digest.toString('hex') },
    anchors: anchored?.anchors ?? null,
    faults,
  };
}
