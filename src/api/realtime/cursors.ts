import { z } from 'zod';
import type { ClaimsQuery } from './claims.ts';

const uuid = z.uuid();

/** The smallest id of a millisecond: core.uuidv7_floor. */
export function idFloor(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** An id as a cursor, for what is committed in the order of its ids. */
export async function parseIdCursor(query: ClaimsQuery, text: string): Promise<string> {
  const parsed = uuid.safeParse(text.toLowerCase());
  return parsed.success ? parsed.data : await query.refuse('subscription.cursor_invalid');
}

export function encodeCursor(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

export async function decodeCursor<Shape extends z.ZodType>(
  query: ClaimsQuery,
  shape: Shape,
  text: string,
): Promise<z.infer<Shape>> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return query.refuse('subscription.cursor_invalid');
  }
  const parsed = shape.safeParse(value);
  return parsed.success ? parsed.data : await query.refuse('subscription.cursor_invalid');
}

/**
 * What several containers commit is not in the order of its ids, nor of its times: a transaction may come late with an
 * early one. So a cursor over several says up to where everything is known, which is this far in the past, and what is
 * known after that. A transaction of the API lasts for seconds; one of a job that lasted longer than this could slip
 * through a reconnection, never through a connection.
 */
export const lateCommitMs = 120_000;
