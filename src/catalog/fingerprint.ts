import type { ClientBase } from 'pg';
import { catalogQuery, digestQuery } from './fingerprint-query.ts';

/** One thing that the catalog says of a database. */
export interface Fact {
  /** `table`, `column`, `policy`, `grant`, … */
  readonly kind: string;
  /** Qualified, so that kind and identity together are unique: `forums.posts`, `forums.posts.title`. */
  readonly identity: string;
  /** SHA-256 of the definition, hexadecimal. */
  readonly hash: string;
  readonly definition: string;
}

export interface Difference {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: string;
  readonly identity: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * Everything that the catalog says of the given schemas: what is defined, who owns it and who may do what with it,
 * down to comments and storage parameters. Two databases with equal facts behave alike, as far as a definition goes.
 *
 * Objects of extensions count as their extension. The position of a column is left out: a column that is dropped and
 * put back stands at the end, and nothing but `select *` notices.
 *
 * The client must not be inside a transaction: names are only spelled out in full with an empty search_path, which is
 * set for a transaction of its own.
 */
export function fingerprint(client: ClientBase, schemas: readonly string[]): Promise<readonly Fact[]> {
  return spelledOut(client, async () => (await client.query<Fact>(catalogQuery, [schemas])).rows);
}

export interface Digest {
  readonly facts: number;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
}

/** Whether two fingerprints differ, without saying in what. */
export function fingerprintDigest(client: ClientBase, schemas: readonly string[]): Promise<Digest> {
  return spelledOut(client, async () => {
    const [row] = (await client.query<Digest>(digestQuery, [schemas])).rows;
    if (!row) throw new Error('an aggregate without groups has one row');
    return row;
  });
}

async function spelledOut<Result>(client: ClientBase, look: () => Promise<Result>): Promise<Result> {
  await client.query("begin isolation level repeatable read read only; set local search_path = ''");
  try {
    return await look();
  } finally {
    await client.query('commit');
  }
}

/** What must be done to `before` to get `after`. */
export function differences(before: readonly Fact[], after: readonly Fact[]): readonly Difference[] {
  const key = (fact: Fact): string => `${fact.kind} ${fact.identity}`;
  const old = new Map(before.map((fact) => [key(fact), fact]));
  const found: Difference[] = [];
  for (const fact of after) {
    const was = old.get(key(fact));
    old.delete(key(fact));
    if (was?.hash === fact.hash) continue;
    found.push({
      change: was ? 'changed' : 'added',
      kind: fact.kind,
      identity: fact.identity,
      before: was?.definition,
      after: fact.definition,
    });
  }
  for (const { kind, identity, definition } of old.values()) {
    found.push({ change: 'removed', kind, identity, before: definition, after: undefined });
  }
  return found.sort((a, b) => (`${a.kind} ${a.identity}` < `${b.kind} ${b.identity}` ? -1 : 1));
}

/** `changed policy forums.posts.readable`, and for a change the first place where the definitions part. */
export function describeDifference({ change, kind, identity, before, after }: Difference): string {
  const what = `${change} ${kind} ${identity}`;
  if (change !== 'changed' || before === undefined || after === undefined) return what;
  let at = 0;
  while (at < before.length && before[at] === after[at]) at += 1;
  const from = Math.max(0, at - 20);
  const excerpt = (text: string): string =>
    `${from > 0 ? '…' : ''}${text.slice(from, at + 50).replaceAll(/\s+/g, ' ')}${text.length > at + 50 ? '…' : ''}`;
  return `${what}\n    was: ${excerpt(before)}\n    is:  ${excerpt(after)}`;
}
