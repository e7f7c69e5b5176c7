import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { exitCodes, StoaError } from '../../errors.ts';
import type { LogicalBackup } from '../catalog.ts';
import type { Vault } from '../vault.ts';

/** What a backup says becomes a part of statements: nothing but a bound may stand where one is expected. */
const bounds =
  /^FOR VALUES (?:FROM \((?:MINVALUE|'[^'\\]+')\) TO \((?:MAXVALUE|'[^'\\]+')\)|WITH \(modulus \d+, remainder \d+\))$/;

const columnSchema = z.strictObject({ name: z.string(), type: z.string() });

const tableSchema = z.strictObject({
  /** `forums.posts`; the key of its artifact as well. */
  name: z.string(),
  tier: z.enum(['A', 'B', 'C', 'D']),
  /** Of the copy, in its order; what the database computes by itself is left out. */
  columns: z.array(columnSchema).min(1),
  rows: z.int().nonnegative(),
  /** Sum over all rows of a hash of each, so that their order does not matter. */
  contentHash: z.string().regex(/^-?\d+$/),
  /** Of a partitioned table. */
  partitions: z
    .array(
      z.strictObject({ name: z.string(), bounds: z.string().regex(bounds), comment: z.string().nullable() }),
    )
    .optional(),
});

/** What a logical backup holds, of one moment. Lies encrypted beside the copies of the tables. */
export const contentsSchema = z.strictObject({
  format: z.literal(1),
  database: z.string(),
  modules: z.array(z.string()),
  /** In the order in which they were applied: the schema that the copies fit. */
  migrations: z.array(z.strictObject({ name: z.string(), checksum: z.string() })),
  tables: z.array(tableSchema),
  sequences: z.array(z.strictObject({ name: z.string(), value: z.string(), isCalled: z.boolean() })),
});

export type LogicalContents = z.infer<typeof contentsSchema>;
export type DumpedTable = z.infer<typeof tableSchema>;

/** The key of the artifact that holds them. */
export const contentsArtifact = 'contents';

/** Refuses backup.damaged, backup.no_key. */
export async function readContents(vault: Vault, backup: LogicalBackup): Promise<LogicalContents> {
  const artifact = backup.artifacts[contentsArtifact];
  if (artifact === undefined) throw notWhole(backup.id, 'its list of contents');
  const text = (await buffer(await vault.read(artifact))).toString('utf8');
  try {
    return contentsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StoaError('backup.damaged', `The list of contents of backup ${backup.id} cannot be read.`, {
      cure: 'Use another backup, or a newer release of Stoa when a newer one has written it.',
      exitCode: exitCodes.checkFailed,
      cause: error,
    });
  }
}

export function notWhole(id: string, what: string): StoaError {
  return new StoaError('backup.damaged', `Backup ${id} lacks ${what}.`, {
    cure: 'Use another backup; "stoa backup verify" tells which are whole.',
    exitCode: exitCodes.checkFailed,
  });
}

/** `forums.posts` with both parts quoted where they must be. Names come from a backup: they are data. */
export function quoteTable(name: string, quote: (identifier: string) => string): string {
  const at = name.indexOf('.');
  return `${quote(name.slice(0, at))}.${quote(name.slice(at + 1))}`;
}
