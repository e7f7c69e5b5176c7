import { type DrillCheck, outcome, skipped } from '../check.ts';
import { migrationOf } from '../point.ts';
import { securityOf } from '../security.ts';

export const securityPosture: DrillCheck = {
  name: 'security',
  shows: 'Row security, policies, grants, roles and rights of functions are those that were noted.',
  async run({ client, point }) {
    if (point === undefined) return skipped('What they were at this moment was not noted.');
    const found = await securityOf(client);
    const findings: string[] = [];
    for (const [subject, hash] of Object.entries(point.security)) {
      if (found[subject] === undefined) findings.push(`${subject} is gone`);
      else if (found[subject] !== hash) findings.push(`${subject} is another`);
    }
    for (const subject of Object.keys(found)) {
      if (point.security[subject] === undefined) findings.push(`${subject} was not there`);
    }
    return outcome(findings, { subjects: Object.keys(point.security).length });
  },
};

export const release: DrillCheck = {
  name: 'release',
  shows: 'The schema is that of the migration, and the extensions those, that the backup names.',
  async run({ client, point, migration }) {
    const expected = point?.migration ?? migration;
    if (expected === undefined) return skipped('The backup names no migration.');
    const found = (await migrationOf(client)).migration;
    const findings =
      found === expected ? [] : [`the newest migration is ${found ?? 'none'}, and was ${expected}`];
    const { rows } = await client.query<{ name: string; version: string }>(
      'select extname as name, extversion as version from pg_catalog.pg_extension',
    );
    for (const [name, version] of Object.entries(point?.extensions ?? {})) {
      const present = rows.find((row) => row.name === name)?.version;
      if (present !== version) findings.push(`extension ${name} is ${present ?? 'gone'}, and was ${version}`);
    }
    return outcome(findings, { migration: found ?? null });
  },
};
