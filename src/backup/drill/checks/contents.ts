import { type DrillCheck, outcome, reasonOf, skipped } from '../check.ts';
import { factsOf, readPlainly } from '../point.ts';

export const contents: DrillCheck = {
  name: 'contents',
  shows:
    'The critical tables hold exactly the rows that they held at that position of the log, to the last byte.',
  async run({ client, point }) {
    if (point === undefined) return skipped('What the tables held at this moment was not noted.');
    await readPlainly(client);
    const findings: string[] = [];
    let rows = 0;
    for (const [table, expected] of Object.entries(point.tables)) {
      try {
        const found = await factsOf(client, table);
        rows += found.rows;
        if (found.rows !== expected.rows) {
          findings.push(`${table} has ${found.rows} rows, and had ${expected.rows}`);
        } else if (found.hash !== expected.hash) {
          findings.push(`${table} has as many rows as it had, and not the same`);
        }
      } catch (error) {
        findings.push(`${table}: ${reasonOf(error)}`);
      }
    }
    return outcome(findings, { tables: Object.keys(point.tables).length, rows, lsn: point.lsn });
  },
};
