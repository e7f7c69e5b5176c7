import { exitCodes, StoaError } from '../errors.ts';

/** Finds a migration by its whole name, its number, or its words when only one has them. */
export function findMigration<T extends { readonly name: string }>(
  migrations: readonly T[],
  wanted: string,
): T {
  const plain = wanted.replace(/^.*\//, '').replace(/\.sql$/, '');
  const matches = (test: (name: string) => boolean): T[] => migrations.filter(({ name }) => test(name));
  const exact = matches((name) => name === plain || name.slice(0, 14) === plain);
  const found = exact.length > 0 ? exact : matches((name) => name.slice(15) === plain);
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  throw new StoaError(
    'migrate.unknown',
    only
      ? `"${wanted}" means ${found.map(({ name }) => name).join(' or ')}.`
      : `There is no migration "${wanted}" to stop at.`,
    { cure: 'Give the whole name or the 14 digits: see "stoa migrate status".', exitCode: exitCodes.usage },
  );
}
