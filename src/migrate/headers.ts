import { exitCodes, StoaError } from '../errors.ts';

/** What a migration says of itself above "-- Up Migration", in lines "-- key: value". */
export interface MigrationHeaders {
  /** Backfills that must be finished before it is applied, by name or by their words. */
  readonly requiredBackfills: readonly string[];
  /** It takes away what older versions of the program may still use. */
  readonly isContract: boolean;
}

const requires = /^--\s*requires-backfill:(.*)$/i;
const contract = /^--\s*contract\s*$/i;
const backfillName = /^[a-z0-9_]+$/;

export function parseHeaders(lines: readonly string[], file: string): MigrationHeaders {
  const requiredBackfills: string[] = [];
  let isContract = false;
  for (const [index, line] of lines.entries()) {
    if (contract.test(line.trimEnd())) isContract = true;
    const names = requires.exec(line.trimEnd())?.[1];
    if (names === undefined) continue;
    for (const name of names.split(',').map((each) => each.trim())) {
      if (!backfillName.test(name)) {
        throw new StoaError('migrate.header', `${file}:${index + 1}: "${name}" is no name of a backfill.`, {
          cure: 'Write "-- requires-backfill: words_of_the_backfill", several with commas between them.',
          exitCode: exitCodes.input,
        });
      }
      requiredBackfills.push(name);
    }
  }
  return { requiredBackfills, isContract };
}
