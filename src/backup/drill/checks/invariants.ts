import { checkInvariants } from '../../../doctor/invariants.ts';
import { type DrillCheck, outcome, skipped } from '../check.ts';

export const invariants: DrillCheck = {
  name: 'invariants',
  shows: 'Every counter, sum and copy of the community agrees with what it stands for.',
  async run({ client, url }) {
    const { rows } = await client.query<{ yes: boolean }>(
      `select to_regclass('ops.invariants') is not null as yes`,
    );
    if (!rows[0]?.yes) return skipped('This database has no list of invariants.');
    const results = await checkInvariants({ databaseUrl: url, examples: 1 });
    const findings = results
      .filter(({ state }) => state !== 'holds')
      .map(({ name, offences, examples, failure }) =>
        failure === undefined
          ? `${name}: ${offences} rows break it, such as ${examples[0]?.subject ?? 'one'}`
          : `${name}: ${failure}`,
      );
    return outcome(findings, { invariants: results.length });
  },
};
