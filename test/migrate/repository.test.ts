import { expect, inject, it } from 'vitest';
import { describeDifference } from '../../src/catalog/fingerprint.ts';
import { loadMigrations } from '../../src/migrate/load.ts';
import { checkObjects } from '../../src/migrate/objects/check.ts';
import { readReleases, releaseFaults } from '../../src/migrate/released.ts';
import { projectRoot } from '../../src/migrate/root.ts';
import { verifyMigrations } from '../../src/migrate/verify.ts';
import { modules } from '../../src/modules.ts';

// Grows with every migration: each is applied, undone and applied again, with a look at the whole catalog between. What
// the oldest server does otherwise shows at the ends.
const looks = inject('templateDatabase').endsWith('pg15') ? 'ends' : 'each';

it('every migration of this repository can be undone and done again', { timeout: 300_000 }, async () => {
  const result = await verifyMigrations({ adminUrl: inject('serverUrl'), looks });
  const faults = [...result.migrations.flatMap((each) => each.faults), ...result.faults];
  expect(
    faults.flatMap(({ message, differences }) => [message, ...differences.map(describeDifference)]),
  ).toEqual([]);
  expect(result).toMatchObject({ isProven: true, irreversible: [] });
});

it('the files under sql/ and the migrations agree', async () => {
  const { changes, coverage } = await checkObjects({ adminUrl: inject('serverUrl') });
  expect(changes.slice(0, 10).map(describeDifference)).toEqual([]);
  expect(coverage).toEqual({ withoutFile: [], withSeveralFiles: [], notInDatabase: [] });
});

it('no released migration was edited', async () => {
  expect(releaseFaults(await readReleases(projectRoot), await loadMigrations(projectRoot, modules))).toEqual(
    [],
  );
});
