import type { ClientBase } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { acceptedWarnings } from '../../src/catalog/accepted-warnings.ts';
import { advise, advisors } from '../../src/catalog/advise.ts';
import type { Finding } from '../../src/catalog/advisors/advisor.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

/** What the check says of an example; nothing of it stays. */
async function findingsIn(script: string, name: string): Promise<readonly Finding[]> {
  const client: ClientBase & { release(): void } = await db.pool.connect();
  try {
    await client.query('begin');
    await client.query('create schema scratch authorization stoa_owner; set local role stoa_owner');
    await client.query(script);
    await client.query('reset role');
    const findings = await advise(client, {
      checks: advisors.filter((advisor) => advisor.name === name),
      schemas: ['scratch'],
    });
    // error_reason_never_raised looks at the whole registry, which holds the reasons of the modules too.
    return findings.filter(({ object }) => object.includes('scratch'));
  } finally {
    await client.query('rollback');
    client.release();
  }
}

describe.each(advisors.map((advisor) => [advisor.name, advisor] as const))('%s', (name, advisor) => {
  it('reports its bad example', async () => {
    const [finding] = await findingsIn(advisor.examples.bad, name);
    expect(finding).toMatchObject({ name, level: advisor.level });
    expect(finding?.detail).toMatch(/\.$/);
    expect(finding?.remediation).not.toBe('');
  });

  it('is silent on its good example', async () => {
    expect(await findingsIn(advisor.examples.good, name)).toEqual([]);
  });
});

describe('the catalog of Stoa', () => {
  it('gives no advisor a reason to report an error', async () => {
    const findings = await advise(db.pool);
    expect(findings.filter(({ level }) => level === 'error').map(sentence)).toEqual([]);
  });

  it('has no warning but those that were accepted for a reason', async () => {
    const findings = await advise(db.pool);
    const isAccepted = ({ name, object }: Finding): boolean =>
      acceptedWarnings.some((accepted) => accepted.name === name && accepted.object === object);
    expect(
      findings.filter((finding) => finding.level === 'warning' && !isAccepted(finding)).map(sentence),
    ).toEqual([]);
  });

  it('still has every warning that was accepted', async () => {
    const findings = await advise(db.pool);
    const gone = acceptedWarnings.filter(
      ({ name, object }) => !findings.some((finding) => finding.name === name && finding.object === object),
    );
    expect(gone).toEqual([]);
  });
});

function sentence({ name, object, detail }: Finding): string {
  return `${name} · ${object} · ${detail}`;
}
